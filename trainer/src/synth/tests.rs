//! Checks of whole drawings.

use super::{Category, DrawRequest, Drawing, Setting, draw};

fn request(category: Category, index: u64, setting: Setting, width: u32, height: u32) -> DrawRequest {
    DrawRequest { seed: 3, index, category, setting, scene: 0, width, height }
}

fn small(category: Category, index: u64, setting: Setting) -> Drawing {
    draw(&request(category, index, setting, 96, 128))
}

#[test]
fn names_are_unique_and_found_again() {
    for category in Category::ALL {
        assert_eq!(Category::from_name(category.name()), Some(category));
    }
    assert_eq!(Category::from_name("socks"), None);
    assert_eq!(Category::SEED, Category::ALL[..6]);
}

#[test]
fn same_request_same_picture() {
    let (a, b) = (small(Category::Hoodies, 5, Setting::Varied), small(Category::Hoodies, 5, Setting::Varied));
    assert_eq!(a.picture, b.picture);
    assert_eq!(a.mask, b.mask);
}

#[test]
fn another_index_another_picture() {
    let pictures: Vec<_> =
        (0..6).map(|index| small(Category::Dresses, index, Setting::Studio).picture).collect();
    for (i, picture) in pictures.iter().enumerate() {
        assert!(pictures[..i].iter().all(|other| other != picture));
    }
}

#[test]
fn another_scene_keeps_the_garment() {
    let first = request(Category::Sweaters, 8, Setting::Varied, 96, 128);
    let (a, b) = (draw(&first), draw(&DrawRequest { scene: 1, ..first }));
    assert_ne!(a.picture, b.picture);
    assert_eq!(a.attributes, b.attributes);
    assert_eq!(a.colour, b.colour);
}

#[test]
fn box_is_tight_to_the_mask() {
    for category in Category::ALL {
        let drawing = small(category, 2, Setting::Varied);
        let (w, h) = (drawing.mask.width() as f32, drawing.mask.height() as f32);
        let seen: Vec<_> = drawing.mask.enumerate_pixels().filter(|(_, _, p)| p.0[0] >= 128).collect();
        assert!(seen.len() > 300, "{category:?} covers {} pixels", seen.len());
        let x1 = seen.iter().map(|(x, ..)| *x).min().map_or(0.0, |x| x as f32 / w);
        let x2 = seen.iter().map(|(x, ..)| *x + 1).max().map_or(0.0, |x| x as f32 / w);
        let y1 = seen.iter().map(|(_, y, _)| *y).min().map_or(0.0, |y| y as f32 / h);
        let y2 = seen.iter().map(|(_, y, _)| *y + 1).max().map_or(0.0, |y| y as f32 / h);
        for (found, expected) in drawing.bbox.iter().zip([x1, y1, x2, y2]) {
            assert!((found - expected).abs() < 1e-6, "{category:?}");
        }
    }
}

#[test]
fn everything_draws_at_every_size() {
    for (number, category) in Category::ALL.into_iter().enumerate() {
        for setting in [Setting::Varied, Setting::Studio] {
            for (width, height) in [(32, 32), (64, 200), (200, 48)] {
                for index in 0..4 {
                    let drawing = draw(&request(category, index + number as u64, setting, width, height));
                    assert_eq!(drawing.picture.dimensions(), (width, height));
                    assert_eq!(drawing.mask.dimensions(), (width, height));
                }
            }
        }
    }
    let large = draw(&request(Category::JacketsVests, 1, Setting::Varied, 2000, 2000));
    assert_eq!(large.picture.dimensions(), (2000, 2000));
}

#[test]
fn studio_shows_the_labelled_colour() {
    let mut good = 0;
    let mut all = 0;
    for category in Category::SEED {
        for index in 0..12 {
            let drawing = small(category, index, Setting::Studio);
            if !matches!(drawing.attributes.pattern, "plain" | "graphic") {
                continue;
            }
            let mut channels: [Vec<u8>; 3] = Default::default();
            for (pixel, cover) in drawing.picture.pixels().zip(drawing.mask.pixels()) {
                if cover.0[0] > 250 {
                    channels.iter_mut().zip(pixel.0).for_each(|(channel, value)| channel.push(value));
                }
            }
            all += 1;
            let near = channels.iter_mut().zip(drawing.colour).all(|(channel, expected)| {
                channel.sort_unstable();
                channel.get(channel.len() / 2).is_some_and(|median| median.abs_diff(expected) < 38)
            });
            good += usize::from(near);
        }
    }
    // Deep relief (quilting, cables) and gloss move the median of a few.
    assert!(good * 20 >= all * 17, "{good} of {all} near the labelled colour");
}
