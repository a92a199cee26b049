//! A feature file as it arrives: its codes can be searched from their first block on, long before its vectors are there.
//!
//! The writer puts blocks and codes first. Each block has its own hash, so what is searched has been checked, but for how
//! far the codes are from the vectors, which only the vectors can show. A million items of 64 values are
//! 192 MB, the first block of them 2 MB.
//!
//! Of a file in the writer's order nothing is held twice: codes and vectors go where they are searched, and their bytes are let go.
//! A file in any other order is kept as it is until all of it is there.

use half::f16;

use super::{
    Codes, FeatureFile, Line, check_shape, check_vectors,
    format::HASH,
    invalid,
    read::{self, BlockTable, Head, outside},
};
use crate::{Result, hash::Hasher};

/// A feature file of which a part has arrived.
#[derive(Default)]
pub struct FeatureStream {
    /// What has arrived and is still to be used.
    bytes: Vec<u8>,
    /// Bytes before those.
    gone: usize,
    head: Option<Head>,
    codes: Option<Codes>,
    /// The section of blocks.
    table: Vec<u8>,
    /// The hashes of the vectors' blocks, where the file has them before its codes.
    vector_hashes: Vec<[u8; HASH]>,
    /// What each block of codes says of how far it is off.
    residuals: Vec<f64>,
    /// Of the hashes of all blocks.
    code_hash: Hasher,
    vectors: Vec<f16>,
    vector_hash: Hasher,
}

/// A part of a feature file that has a hash of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its first byte.
    pub start: u64,
    /// The byte after its last one.
    pub end: u64,
    /// Its SHA-256.
    pub hash: [u8; HASH],
}

impl std::fmt::Debug for FeatureStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("FeatureStream")
            .field("bytes", &self.progress().0)
            .field("rows", &self.rows())
            .finish_non_exhaustive()
    }
}

impl FeatureStream {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the file, and checks what is whole with them.
    ///
    /// Fails with [`crate::Error::InvalidFeatureFile`] as soon as it is clear that the file is damaged; no more of it should be given
    /// then. What this allocates follows what has arrived, never what the header claims.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        if self.head.is_none() {
            self.head = Head::read(&self.bytes)?;
        }
        let Some(head) = &self.head else { return Ok(()) };
        if self.progress().0 > head.total {
            return Err(invalid(format!("it has more than its {} bytes", head.total)));
        }
        let Some((codes, table)) = head.coded() else { return Ok(()) };
        if self.codes.is_none() {
            // Nothing has been let go of yet.
            let Some(contents) = table.contents(&self.bytes) else { return Ok(()) };
            let blocks = BlockTable::read(contents, table, head.rows, head.dimension)?;
            blocks.check_length(codes)?;
            if let Some(section) = head.vector_blocks().filter(|section| section.offset <= codes.offset) {
                let Some(contents) = section.contents(&self.bytes) else { return Ok(()) };
                self.vector_hashes = read::hashes(contents, section)?;
                read::check_count(&self.vector_hashes, blocks.len())?;
            }
            self.codes = Some(Codes::none(blocks.shape, blocks.block_rows));
            self.table = contents.to_vec();
        }
        self.take_blocks()?;
        self.take_vectors();
        Ok(())
    }

    /// Takes every block of codes that is whole by now.
    fn take_blocks(&mut self) -> Result<()> {
        let (Some(head), Some(codes)) = (&self.head, &mut self.codes) else { return Ok(()) };
        let Some((section, table)) = head.coded() else { return Ok(()) };
        let rows = head.rows as usize;
        let lets_go = head.in_order().is_some();
        let start = usize::try_from(section.offset).unwrap_or(usize::MAX);
        let mut blocks = None;
        while codes.rows() < rows {
            let index = codes.rows() / codes.block_rows();
            let next = codes.block_rows().min(rows - codes.rows());
            let from = index * codes.shape().bytes(codes.block_rows());
            let from = start.saturating_add(from).saturating_sub(self.gone);
            let to = from.saturating_add(codes.shape().bytes(next));
            let Some(arrived) = self.bytes.get(from..to) else { break };
            let blocks = match &blocks {
                Some(blocks) => blocks,
                None => blocks.insert(BlockTable::read(&self.table, table, head.rows, head.dimension)?),
            };
            let Some(entry) = blocks.entry(index)? else { break };
            entry.check(index, arrived)?;
            self.code_hash.update(&entry.hash);
            self.residuals.push(entry.residual);
            let scales = (entry.offsets, entry.steps);
            codes.push_unseen(next, arrived, scales, entry.residual).map_err(invalid)?;
            if lets_go {
                self.bytes.drain(..to);
                self.gone += to;
            }
        }
        if lets_go && codes.rows() == rows {
            self.bytes.shrink_to(self.bytes.len());
        }
        Ok(())
    }

    /// Takes all vectors that are there by now, once there are no more codes to come.
    fn take_vectors(&mut self) {
        let Some(section) = self.head.as_ref().and_then(Head::in_order) else { return };
        let [start, length] =
            [section.offset, section.length].map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        if !self.has_all_codes() {
            return;
        }
        self.let_go(start.saturating_sub(self.gone));
        if self.gone < start {
            return;
        }
        let missing = length.saturating_sub(2 * self.vectors.len());
        let (values, _) = self.bytes[..missing.min(self.bytes.len())].as_chunks::<2>();
        self.vector_hash.update(values.as_flattened());
        let taken = 2 * values.len();
        if self.vectors.capacity() - self.vectors.len() < values.len() {
            // More at once, but never much more than has arrived, nor more than will be needed.
            let most = (self.vectors.len() / 4).min(missing / 2);
            self.vectors.reserve_exact(values.len().max(most));
        }
        self.vectors.extend(values.iter().map(|bytes| f16::from_le_bytes(*bytes)));
        self.let_go(taken);
        if missing == taken {
            // What follows means nothing.
            self.let_go(self.bytes.len());
        }
    }

    fn let_go(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        self.bytes.drain(..count);
        self.gone += count;
    }

    fn has_all_codes(&self) -> bool {
        let rows = self.head.as_ref().map(|head| head.rows);
        self.codes.as_ref().map(|codes| codes.rows() as u64) == rows
    }

    /// The rest of the file in the pieces that it has hashes of: each block of codes, then each block of vectors. None where not all of
    /// the rest is in such pieces, one after the other, or a block has begun.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        self.try_pieces().unwrap_or_default()
    }

    fn try_pieces(&self) -> Option<Vec<Piece>> {
        let (head, codes) = (self.head.as_ref()?, self.codes.as_ref()?);
        let (vectors, (section, table)) = (head.in_order()?, head.coded()?);
        let blocks = BlockTable::read(&self.table, table, head.rows, head.dimension).ok()?;
        let (rows, block_rows) = (head.rows as usize, codes.block_rows());
        let lengths = (0..rows).step_by(block_rows).map(|row| block_rows.min(rows - row));
        let code_bytes = |rows: usize| codes.shape().bytes(rows) as u64;
        let vector_bytes = |rows: usize| (rows * head.dimension * 2) as u64;
        let mut pieces = Vec::new();
        let mut start = section.offset;
        for (index, rows) in lengths.clone().enumerate() {
            let hash = blocks.entry(index).ok()??.hash;
            pieces.push(Piece { start, end: start + code_bytes(rows), hash });
            start += code_bytes(rows);
        }
        // A single block's vectors are all there are.
        let hashes = if lengths.len() == 1 { &[vectors.hash][..] } else { &self.vector_hashes };
        if start != vectors.offset || lengths.len() != hashes.len() {
            return None;
        }
        for (rows, hash) in lengths.zip(hashes) {
            pieces.push(Piece { start, end: start + vector_bytes(rows), hash: *hash });
            start += vector_bytes(rows);
        }
        let (arrived, _) = self.progress();
        pieces.retain(|piece| piece.end > arrived);
        let is_next = pieces.first().is_none_or(|piece| piece.start == arrived);
        (start == head.total && is_next).then_some(pieces)
    }

    /// Rows that can be searched so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.codes.as_ref().map_or(0, Codes::rows)
    }

    /// Rows that there will be, once that is known.
    #[must_use]
    pub fn total_rows(&self) -> Option<u64> {
        self.head.as_ref().map(|head| head.rows)
    }

    /// SHA-256 of the weights that made the vectors, and the id of the preprocessing, once they are known.
    #[must_use]
    pub fn made_with(&self) -> Option<([u8; 32], [u8; 16])> {
        self.head.as_ref().map(|head| (head.weights_sha256, head.preprocess_id))
    }

    /// What a scan reads of what has arrived, as [`FeatureFile::lines`] of a whole file.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.codes.as_ref().map_or(&[], Codes::lines)
    }

    /// Values a vector, once that is known.
    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        self.head.as_ref().map(|head| head.dimension)
    }

    /// Bytes that have arrived, and how many there will be, where that is known.
    #[must_use]
    pub fn progress(&self) -> (u64, Option<u64>) {
        ((self.gone + self.bytes.len()) as u64, self.head.as_ref().map(|head| head.total))
    }

    /// The whole file, once everything is there. Fails as [`FeatureFile::read`] does.
    pub fn finish(self) -> Result<FeatureFile> {
        let Some(section) = self.head.as_ref().and_then(Head::in_order).filter(|_| self.codes.is_some())
        else {
            return FeatureFile::read(&self.bytes);
        };
        let (vector_section, Some(head)) = (section.hash, &self.head) else { return Err(outside()) };
        let (arrived, total) = (self.progress().0, head.total);
        if arrived != total {
            return Err(invalid(format!("it has {arrived} bytes instead of {total}")));
        }
        let code_section = head.coded().map(|(codes, _)| codes.hash);
        if self.vectors.len() as u64 * 2 != section.length || !self.has_all_codes() {
            return Err(outside());
        }
        let Self { head: Some(head), codes: Some(mut codes), vectors, .. } = self else {
            return Err(outside());
        };
        if self.vector_hash.finish() != vector_section {
            return Err(invalid(read::DAMAGED_VECTORS));
        }
        check_shape(vectors.len(), head.dimension)?;
        check_vectors(&vectors, head.dimension)?;
        if Some(self.code_hash.finish()) != code_section {
            return Err(invalid(read::DAMAGED_CODES));
        }
        codes.see(&vectors);
        read::check_residuals(&codes, self.residuals)?;
        Ok(FeatureFile {
            dimension: head.dimension,
            weights_sha256: head.weights_sha256,
            preprocess_id: head.preprocess_id,
            vectors,
            codes,
        })
    }

    pub(crate) fn codes(&self) -> Option<&Codes> {
        self.codes.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Error,
        feature_file::tests::{along_components, in_small_blocks},
        search::{self, Accuracy, Request},
    };

    #[test]
    fn blocks_can_be_searched_as_they_arrive() {
        for file in [in_small_blocks(100), along_components(100)] {
            arrives(&file);
        }
    }

    fn arrives(file: &FeatureFile) {
        let bytes = file.write();
        let query = file.vector(3).unwrap();
        let request = Request { query: &query, k: 5, accuracy: Accuracy::Codes, ..Request::default() };
        for piece in [1, 7, 1000, bytes.len()] {
            let mut stream = FeatureStream::new();
            let mut seen = Vec::new();
            for part in bytes.chunks(piece) {
                stream.push(part).unwrap();
                if seen.last() != Some(&stream.rows()) {
                    seen.push(stream.rows());
                    let rows = stream.rows();
                    let among = |row: usize| row < rows;
                    let filter = search::Filter::Where(&among);
                    let expected = search::search(file, &[Request { filter, ..request }]).unwrap();
                    let found = search::search_stream(&stream, &[request]).unwrap();
                    assert_eq!(found[0].hits.len(), expected[0].hits.len());
                    for (found, expected) in found[0].hits.iter().zip(&expected[0].hits) {
                        assert_eq!(found.row, expected.row, "{rows} rows");
                        assert!((found.score - expected.score).abs() < 1e-5);
                    }
                }
            }
            assert_eq!(seen.last(), Some(&100));
            assert_eq!(stream.progress(), (bytes.len() as u64, Some(bytes.len() as u64)));
            if piece == 1 {
                assert_eq!(seen, [0, 16, 32, 48, 64, 80, 96, 100]);
            }
            assert_eq!(&stream.finish().unwrap(), file);
        }
    }

    #[test]
    fn the_rest_is_in_pieces_with_hashes() {
        for file in [in_small_blocks(100), along_components(100)] {
            comes_in_pieces(&file);
        }
        // A single block's vectors have the hash of all vectors, and need no table.
        let bytes = in_small_blocks(16).write();
        let mut single = FeatureStream::new();
        single
            .push(&bytes[..u64::from_le_bytes(*bytes[128 + 64 + 8..].first_chunk().unwrap()) as usize])
            .unwrap();
        let pieces = single.pieces();
        assert_eq!((pieces.len(), pieces[1].end as usize), (2, bytes.len()));
        for piece in pieces {
            assert_eq!(crate::hash::sha256(&bytes[piece.start as usize..piece.end as usize]), piece.hash);
        }
    }

    fn comes_in_pieces(file: &FeatureFile) {
        let bytes = file.write();
        let mut stream = FeatureStream::new();
        assert_eq!(stream.pieces(), []);
        let first = usize::try_from(bytes_before_pieces(&bytes)).unwrap();
        stream.push(&bytes[..first - 1]).unwrap();
        assert_eq!(stream.pieces(), [], "the head is not there yet");
        stream.push(&bytes[first - 1..first]).unwrap();
        let pieces = stream.pieces();
        assert_eq!(pieces.len(), 14, "seven blocks of codes, seven of vectors");
        assert_eq!((pieces[0].start as usize, pieces[13].end as usize), (first, bytes.len()));
        for (index, piece) in pieces.iter().enumerate() {
            let part = &bytes[piece.start as usize..piece.end as usize];
            assert_eq!(crate::hash::sha256(part), piece.hash, "piece {index}");
            assert_eq!(stream.pieces(), pieces[index..]);
            stream.push(&part[..5]).unwrap();
            assert_eq!(stream.pieces(), [], "piece {index} has begun");
            stream.push(&part[5..]).unwrap();
        }
        assert_eq!(stream.pieces(), []);
        assert_eq!(&stream.finish().unwrap(), file);
    }

    /// Where the codes of a file begin, by its table: the third section of four.
    fn bytes_before_pieces(bytes: &[u8]) -> u64 {
        u64::from_le_bytes(*bytes[128 + 2 * 64 + 8..].first_chunk().unwrap())
    }

    #[test]
    fn nothing_is_held_twice() {
        for file in [in_small_blocks(1000), along_components(1000)] {
            is_held_once(&file);
        }
    }

    fn is_held_once(file: &FeatureFile) {
        let bytes = file.write();
        let block = file.codes().shape().bytes(16);
        for piece in [1, 100, 1000] {
            let mut stream = FeatureStream::new();
            let (mut most, mut vectors) = (0, 0);
            for part in bytes.chunks(piece) {
                stream.push(part).unwrap();
                // Before its first block is there, header and tables wait for it.
                if stream.rows() > 0 {
                    most = most.max(stream.bytes.len());
                }
                vectors = vectors.max(stream.vectors.capacity());
            }
            assert!(most < block + 64 + piece, "{most} bytes wait in pieces of {piece}");
            assert_eq!(stream.made_with(), Some(([7; 32], [9; 16])));
            assert_eq!((stream.total_rows(), stream.vectors.len()), (Some(1000), 10_000));
            assert!(vectors <= 12_500, "room for {vectors} values");
            assert_eq!(&stream.finish().unwrap(), file);
        }
    }

    #[test]
    fn damage_is_noticed_when_it_arrives() {
        for file in [along_components(40), in_small_blocks(40)] {
            let good = file.write();
            for at in 0..good.len() {
                let mut bytes = good.clone();
                bytes[at] ^= 0x10;
                let mut stream = FeatureStream::new();
                let pushed = bytes.chunks(50).try_for_each(|part| stream.push(part));
                // Vectors, and zeros between sections, are looked at when all is there.
                match pushed.and_then(|()| stream.finish()) {
                    Ok(read) => assert_eq!(read, file),
                    Err(error) => assert!(matches!(error, Error::InvalidFeatureFile { .. }), "{error}"),
                }
            }
        }
        let good = in_small_blocks(40).write();
        let mut stream = FeatureStream::new();
        assert!(stream.push(b"TWILLED").is_err());
        let mut stream = FeatureStream::new();
        stream.push(&good).unwrap();
        assert!(stream.push(&[0]).unwrap_err().to_string().contains("more than its"));
    }

    #[test]
    fn nothing_and_files_without_codes_have_nothing_to_search() {
        let file = in_small_blocks(20);
        for bytes in [Vec::new(), file.write_without_codes()] {
            let mut stream = FeatureStream::new();
            stream.push(&bytes).unwrap();
            assert_eq!(stream.rows(), 0);
            let request = Request { query: &[0.5; 10], k: 5, ..Request::default() };
            assert_eq!(search::search_stream(&stream, &[request, request]).unwrap()[1].hits, []);
        }
        let mut empty = FeatureStream::new();
        empty.push(&in_small_blocks(0).write()).unwrap();
        assert_eq!(empty.finish().unwrap().len(), 0);
    }

    #[test]
    fn queries_of_any_length_have_the_scores_of_their_own() {
        let file = in_small_blocks(40);
        let mut stream = FeatureStream::new();
        stream.push(&file.write()).unwrap();
        let query = file.vector(3).unwrap();
        for scale in [0.0, 1e-3, 1.0, 1e4] {
            let scaled: Vec<f32> = query.iter().map(|value| value * scale).collect();
            let hits =
                search::search_stream(&stream, &[Request { query: &scaled, k: 2, ..Request::default() }])
                    .unwrap()[0]
                    .hits
                    .clone();
            if scale > 0.0 {
                assert_eq!(hits[0].row, 3);
                assert!((hits[0].score / scale - 1.0).abs() < 0.02, "{hits:?}");
            } else {
                assert_eq!(hits, []);
            }
        }
        let wrong = search::search_stream(&stream, &[Request { query: &[1.0], k: 2, ..Request::default() }]);
        assert_eq!(wrong, Err(Error::DimensionMismatch { expected: 10, found: 1 }));
    }
}
