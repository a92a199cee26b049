//! A wardrobe as one file, for another device: a feature file (`docs/feature-file.md`) with two more sections.
//!
//! Section 16 is the photos' descriptions, a JSON list in the order of the vectors. Section 17 is their thumbnails: the length of
//! each as u32, then all of them, one after the other. The header's ids name the network that made the vectors.

use super::{
    Garment, Kept, MAX_GARMENTS, check_thumbnail, garment::MAX_JSON, invalid, made_by, thumbnail::MAX_BYTES,
};
use crate::{Result, feature_file::FeatureFile};

/// Section with the descriptions.
pub const KIND_GARMENTS: u32 = 16;
/// Section with the thumbnails.
pub const KIND_THUMBNAILS: u32 = 17;
/// A longer file is refused before it is read.
pub const MAX_FILE: u64 = 256 << 20;

/// The file's bytes for photos and their thumbnails, whose vectors the network with these ids has made.
///
/// Fails with [`crate::Error::InvalidWardrobe`] where another network has made one of them.
pub fn write(
    photos: &[(&Kept, &[u8])],
    weights_sha256: [u8; 32],
    preprocess_id: [u8; 16],
) -> Result<Vec<u8>> {
    let own = made_by(weights_sha256, preprocess_id);
    if photos.iter().any(|(kept, _)| kept.garment.made_by != own) {
        return Err(invalid("a photo was looked at by another network"));
    }
    let dimension = photos.first().map_or(1, |(kept, _)| kept.vector.len());
    let rows: Vec<f32> = photos.iter().flat_map(|(kept, _)| kept.vector.iter().copied()).collect();
    let features = FeatureFile::pack_plainly(&rows, dimension, weights_sha256, preprocess_id)?;
    let garments: Vec<String> = photos.iter().map(|(kept, _)| kept.garment.to_json()).collect();
    let mut thumbnails: Vec<u8> =
        photos.iter().flat_map(|(_, file)| (file.len() as u32).to_le_bytes()).collect();
    thumbnails.extend(photos.iter().flat_map(|(_, file)| *file));
    let garments = format!("[{}]", garments.join(",")).into_bytes();
    Ok(features.write_with(vec![(KIND_GARMENTS, garments), (KIND_THUMBNAILS, thumbnails)]))
}

/// Photos and thumbnails of a file that anybody may have written.
///
/// Every byte is checked, each thumbnail decoded. Fails with [`crate::Error::InvalidFeatureFile`] or
/// [`crate::Error::InvalidWardrobe`]. Allocates a few times the file's length at most, never what the file claims.
pub fn read(bytes: &[u8]) -> Result<Vec<(Kept, &[u8])>> {
    if bytes.len() as u64 > MAX_FILE {
        return Err(invalid("the file is too long"));
    }
    let (features, sections) = FeatureFile::read_with(bytes, &[KIND_GARMENTS, KIND_THUMBNAILS])?;
    let [garments, thumbnails] = sections[..] else { return Err(invalid("a section is missing")) };
    let count = features.len();
    if count > MAX_GARMENTS || garments.len() > (count + 1) * MAX_JSON {
        return Err(invalid("it holds more than a wardrobe does"));
    }
    let garments: Vec<Garment> =
        serde_json::from_slice(garments).map_err(|error| invalid(error.to_string()))?;
    if garments.len() != count {
        return Err(invalid("it has another number of photos than of vectors"));
    }
    let own = made_by(features.weights_sha256(), features.preprocess_id());
    let mut files = split(thumbnails, count)?.into_iter();
    let mut photos: Vec<(Kept, &[u8])> = Vec::with_capacity(count);
    let mut names: Vec<&str> = garments.iter().map(|garment| garment.sha256.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|two| two[0] == two[1]) {
        return Err(invalid("a photo comes twice"));
    }
    for (garment, vector) in garments.into_iter().zip(features.rows()) {
        garment.check()?;
        if garment.made_by != own {
            return Err(invalid("a photo was looked at by another network than the file says"));
        }
        let file = files.next().ok_or_else(|| invalid("a thumbnail is missing"))?;
        check_thumbnail(file, garment.width, garment.height)?;
        photos.push((Kept { garment, vector }, file));
    }
    Ok(photos)
}

/// The thumbnails of the section, each within bounds, and nothing behind them.
fn split(section: &[u8], count: usize) -> Result<Vec<&[u8]>> {
    let cut_off = || invalid("its thumbnails are cut off");
    let (lengths, mut rest) = section.split_at_checked(4 * count).ok_or_else(cut_off)?;
    let (lengths, _) = lengths.as_chunks::<4>();
    let files = lengths.iter().map(|length| {
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_BYTES {
            return Err(invalid("a thumbnail is too large"));
        }
        let (file, behind) = rest.split_at_checked(length).ok_or_else(cut_off)?;
        rest = behind;
        Ok(file)
    });
    let files = files.collect::<Result<Vec<_>>>()?;
    if rest.is_empty() { Ok(files) } else { Err(invalid("something lies behind its thumbnails")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Error,
        wardrobe::{from_halves, garment::example, thumbnail, to_halves},
    };
    use ::image::{Rgb, RgbImage};

    const IDS: ([u8; 32], [u8; 16]) = ([7; 32], [9; 16]);

    fn photos(count: u8) -> Vec<(Kept, Vec<u8>)> {
        (0..count)
            .map(|number| {
                let raw: Vec<f32> = (0..10).map(|i| (f32::from(number) * 0.7 + i as f32).sin()).collect();
                let vector = from_halves(&to_halves(&crate::embedder::unit(&raw).unwrap()));
                let picture = RgbImage::from_pixel(16, 12, Rgb([number, 200, 30]));
                let file = thumbnail(&picture).unwrap().file;
                (Kept { garment: example(number), vector }, file)
            })
            .collect()
    }

    fn packed(photos: &[(Kept, Vec<u8>)]) -> Vec<u8> {
        let photos: Vec<(&Kept, &[u8])> = photos.iter().map(|(kept, file)| (kept, file.as_slice())).collect();
        write(&photos, IDS.0, IDS.1).unwrap()
    }

    #[test]
    fn a_wardrobe_comes_back_as_it_was() {
        for count in [0, 1, 5, 40] {
            let photos = photos(count);
            let bytes = packed(&photos);
            let read = read(&bytes).unwrap();
            let owned: Vec<(Kept, Vec<u8>)> =
                read.into_iter().map(|(kept, file)| (kept, file.to_vec())).collect();
            assert_eq!(owned, photos);
            // Whoever wants vectors only can read it, too.
            assert_eq!(FeatureFile::read(&bytes).unwrap().len(), usize::from(count));
        }
        let mut foreign = photos(1);
        foreign[0].0.garment.made_by = "another".to_owned();
        let one = [(&foreign[0].0, foreign[0].1.as_slice())];
        assert!(matches!(write(&one, IDS.0, IDS.1), Err(Error::InvalidWardrobe { .. })));
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_noticed() {
        let good = packed(&photos(2));
        assert!(read(&good).is_ok());
        for length in 0..good.len() {
            assert!(read(&good[..length]).is_err(), "{length} bytes");
        }
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            // The minor version and the optional features may be others; the checksum over them notices all the same.
            assert!(read(&bytes).is_err(), "byte {at}");
        }
        assert!(read(&[good.as_slice(), b"more"].concat()).is_err());
    }

    /// By somebody who knows the checksums: contents of the two sections of ours, with everything else right.
    fn forged(garments: &[u8], thumbnails: Vec<u8>, count: u8) -> Vec<u8> {
        let rows: Vec<f32> = photos(count).into_iter().flat_map(|(kept, _)| kept.vector).collect();
        let features = FeatureFile::pack_rows(&rows, 10, IDS.0, IDS.1).unwrap();
        features.write_with(vec![(KIND_GARMENTS, garments.to_vec()), (KIND_THUMBNAILS, thumbnails)])
    }

    #[test]
    fn what_is_forged_is_refused() {
        let own = photos(1);
        let (garment, file) = (own[0].0.garment.clone(), own[0].1.clone());
        let section = |files: &[&[u8]]| {
            let mut bytes: Vec<u8> =
                files.iter().flat_map(|file| (file.len() as u32).to_le_bytes()).collect();
            bytes.extend(files.concat());
            bytes
        };
        let list = |garments: &[&Garment]| {
            format!("[{}]", garments.iter().map(|one| one.to_json()).collect::<Vec<_>>().join(","))
                .into_bytes()
        };
        assert_eq!(forged(&list(&[&garment]), section(&[&file]), 1), packed(&own));
        let named = Garment { name: "<b>\u{202e}".to_owned(), ..garment.clone() };
        let foreign = Garment { made_by: made_by([1; 32], IDS.1), ..garment.clone() };
        let wide = Garment { width: 17, ..garment.clone() };
        let page = b"<html><script>alert(1)</script></html>";
        let huge = [&u32::MAX.to_le_bytes()[..], &file].concat();
        let wrong = [
            forged(&list(&[]), section(&[&file]), 1),
            forged(&list(&[&garment, &garment]), section(&[&file, &file]), 2),
            forged(&list(&[&garment]), section(&[&file]), 2),
            forged(&list(&[&named]), section(&[&file]), 1),
            forged(&list(&[&foreign]), section(&[&file]), 1),
            forged(&list(&[&wide]), section(&[&file]), 1),
            forged(&list(&[&garment]), section(&[page]), 1),
            forged(&list(&[&garment]), section(&[&file[..20]]), 1),
            forged(&list(&[&garment]), section(&[&file, &file]), 1),
            forged(&list(&[&garment]), huge, 1),
            forged(&list(&[&garment]), Vec::new(), 1),
            forged(b"[{}]", section(&[&file]), 1),
            forged(page, section(&[&file]), 1),
            forged(&b"[".repeat(100_000), section(&[&file]), 1),
        ];
        for (case, bytes) in wrong.iter().enumerate() {
            assert!(
                matches!(read(bytes), Err(Error::InvalidWardrobe { .. })),
                "case {case}: {:?}",
                read(bytes)
            );
        }
        for bytes in [&b"<html>"[..], b"", &file, &FeatureFile::pack(&[], IDS.0, IDS.1).unwrap().write()] {
            assert!(matches!(read(bytes), Err(Error::InvalidFeatureFile { .. })));
        }
    }
}
