//! A feature file that carries more than vectors: further sections, which a reader of vectors skips.

use super::{
    FeatureFile,
    format::{ENTRY, HEADER},
    invalid,
    read::Head,
    write::Section,
};
use crate::{Result, hash::sha256};

/// Codec of further sections: the bytes as they are.
const CODEC_PLAIN: u32 = 1;

impl FeatureFile {
    /// [`FeatureFile::write`] with further sections: a kind that the format does not have, and the contents.
    #[must_use]
    pub fn write_with(&self, further: Vec<(u32, Vec<u8>)>) -> Vec<u8> {
        let mut sections = self.sections();
        sections.extend(further.into_iter().map(|(kind, bytes)| Section {
            kind,
            codec: CODEC_PLAIN,
            hash: sha256(&bytes),
            bytes,
        }));
        self.assemble(&sections)
    }

    /// [`FeatureFile::read`], and the contents of the further sections of these kinds, all of which have to be there.
    ///
    /// Every byte of the file is checked: sections by their checksums, and what lies between them is zero. Fails with
    /// [`crate::Error::InvalidFeatureFile`].
    pub fn read_with<'a>(bytes: &'a [u8], kinds: &[u32]) -> Result<(Self, Vec<&'a [u8]>)> {
        let file = Self::read(bytes)?;
        let head = Head::read(bytes)?.ok_or_else(|| invalid("it is cut off in its header"))?;
        // Their checksum is made of those of their blocks, and has been checked.
        let codes = head.coded().map(|(codes, _)| codes);
        // Where each part of the file begins and ends.
        let mut spans = vec![(0, HEADER + ENTRY * head.sections.len())];
        for section in &head.sections {
            let contents =
                section.contents(bytes).ok_or_else(|| invalid("a section lies outside the file"))?;
            let is_checked = codes.is_some_and(|codes| std::ptr::eq(codes, section));
            if !is_checked && sha256(contents) != section.hash {
                return Err(invalid("a section is damaged, the checksum differs"));
            }
            let start = section.offset as usize;
            spans.push((start, start + contents.len()));
        }
        spans.sort_unstable();
        let mut end = 0;
        for (start, stop) in spans {
            if bytes.get(end..start).is_some_and(|gap| gap.iter().any(|byte| *byte != 0)) {
                return Err(invalid("something lies between its sections"));
            }
            end = end.max(stop);
        }
        if end != bytes.len() {
            return Err(invalid("something lies behind its sections"));
        }
        let find = |kind: &u32| {
            let section =
                head.sections.iter().find(|section| section.kind == *kind && section.codec == CODEC_PLAIN);
            section
                .and_then(|section| section.contents(bytes))
                .ok_or_else(|| invalid(format!("it has no section of kind {kind}")))
        };
        Ok((file, kinds.iter().map(find).collect::<Result<_>>()?))
    }
}
