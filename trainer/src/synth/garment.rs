//! A garment as a stack of cloth pieces, bottom to top.

use super::category::Category;
use super::fabric::Fabric;
use super::geom::{Pt, pt};
use super::palette::{self, Colour, Light};
use super::pattern::Pattern;
use super::rng::Rng;

/// A material: fibre, print and its colours.
#[derive(Clone)]
pub(crate) struct Cloth {
    pub(crate) fabric: Fabric,
    pub(crate) pattern: Pattern,
    pub(crate) colours: [Light; 3],
    pub(crate) gauge: f32,
}

/// What covers the pixels of a piece.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Ink {
    /// Cloth by its number.
    Cloth(usize),
    /// Nothing: the piece only changes the relief, like a seam.
    Bare,
}

/// Area or line.
#[derive(Clone)]
pub(crate) enum Shape {
    Area(Vec<Pt>),
    /// Width; dash length, 0 for a continuous line.
    Line(Vec<Pt>, f32, f32),
}

/// A ridge (or, with negative height, a valley) along a bent line.
#[derive(Clone, Copy)]
pub(crate) struct Fold {
    pub(crate) from: Pt,
    pub(crate) to: Pt,
    pub(crate) bend: f32,
    pub(crate) start: f32,
    pub(crate) end: f32,
    pub(crate) height: f32,
}

/// One piece; lengths are in garment units.
#[derive(Clone)]
pub(crate) struct Piece {
    pub(crate) shape: Shape,
    pub(crate) ink: Ink,
    /// Height of the edge over what lies below, and over which distance it rounds off.
    pub(crate) rise: f32,
    pub(crate) round: f32,
    /// Brightness, below one for what lies inside.
    pub(crate) shade: f32,
    /// Darkness of the shadow on what lies below.
    pub(crate) shadow: f32,
    /// Share of the relief below that shows through.
    pub(crate) follow: f32,
    /// Direction of the cloth's threads and their origin.
    pub(crate) angle: f32,
    pub(crate) origin: Pt,
    pub(crate) folds: Vec<Fold>,
    /// Strength of small random wrinkles.
    pub(crate) crumple: f32,
    pub(crate) alpha: f32,
    /// Later pieces marked `clipped` stay within this one.
    pub(crate) anchor: bool,
    pub(crate) clipped: bool,
    /// Not part of the garment: hanger, hook.
    pub(crate) prop: bool,
}

impl Piece {
    /// A flat area with the usual thickness of cloth.
    pub(crate) fn area(points: Vec<Pt>, cloth: usize) -> Self {
        Self {
            shape: Shape::Area(points),
            ink: Ink::Cloth(cloth),
            rise: 0.006,
            round: 0.011,
            shade: 1.0,
            shadow: 0.4,
            follow: 0.6,
            angle: 0.0,
            origin: pt(0.0, 0.0),
            folds: Vec::new(),
            crumple: 0.0,
            alpha: 1.0,
            anchor: false,
            clipped: false,
            prop: false,
        }
    }

    /// A groove where two pieces are sewn together.
    pub(crate) fn seam(points: Vec<Pt>) -> Self {
        let mut piece = Self::area(Vec::new(), 0);
        piece.shape = Shape::Line(points, 0.0055, 0.0);
        piece.ink = Ink::Bare;
        piece.rise = -0.0035;
        piece.round = 0.004;
        piece.shade = 0.9;
        piece.shadow = 0.12;
        piece.follow = 1.0;
        piece.clipped = true;
        piece
    }

    /// A line of thread or cord.
    pub(crate) fn cord(points: Vec<Pt>, width: f32, cloth: usize) -> Self {
        let mut piece = Self::area(Vec::new(), cloth);
        piece.shape = Shape::Line(points, width, 0.0);
        piece.rise = width * 0.5;
        piece.round = width * 0.5;
        piece
    }

    /// A row of stitches.
    pub(crate) fn stitches(points: Vec<Pt>, cloth: usize) -> Self {
        let mut piece = Self::cord(points, 0.0035, cloth);
        piece.shape = match piece.shape {
            Shape::Line(points, width, _) => Shape::Line(points, width, 0.008),
            area @ Shape::Area(_) => area,
        };
        piece.rise = -0.001;
        piece.shadow = 0.15;
        piece.follow = 1.0;
        piece.alpha = 0.75;
        piece.clipped = true;
        piece
    }

    pub(crate) fn clipped(mut self) -> Self {
        self.clipped = true;
        self
    }
    pub(crate) fn rise(mut self, rise: f32, round: f32) -> Self {
        self.rise = rise;
        self.round = round;
        self
    }
    pub(crate) fn shade(mut self, shade: f32) -> Self {
        self.shade = shade;
        self
    }
    pub(crate) fn shadow(mut self, shadow: f32) -> Self {
        self.shadow = shadow;
        self
    }
    pub(crate) fn follow(mut self, follow: f32) -> Self {
        self.follow = follow;
        self
    }
    pub(crate) fn threads(mut self, angle: f32, origin: Pt) -> Self {
        self.angle = angle;
        self.origin = origin;
        self
    }

    /// All points of the outline.
    pub(crate) fn points(&self) -> &[Pt] {
        match &self.shape {
            Shape::Area(points) | Shape::Line(points, _, _) => points,
        }
    }
}

/// Where a hanger goes.
#[derive(Clone, Copy)]
pub(crate) struct Hang {
    pub(crate) shoulder: Pt,
    pub(crate) neck: f32,
}

/// Everything about a garment that stays when the scene changes.
pub(crate) struct Garment {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) cloths: Vec<Cloth>,
    pub(crate) words: super::Attributes,
    pub(crate) colour: Colour,
    pub(crate) hang: Option<Hang>,
}

/// The number of the main cloth, of the contrasting one, of the lining, ribbing and hardware in `Garment::cloths`.
pub(crate) const MAIN: usize = 0;
pub(crate) const SECOND: usize = 1;
pub(crate) const INSIDE: usize = 2;
pub(crate) const RIB: usize = 3;
pub(crate) const METAL: usize = 4;
pub(crate) const THREAD: usize = 5;
pub(crate) const LABEL: usize = 6;
pub(crate) const SMOOTH: usize = 7;

impl Garment {
    /// The garment with these numbers.
    pub(crate) fn sample(seed: u64, index: u64, category: Category) -> Self {
        let number = Category::ALL.iter().position(|c| *c == category).unwrap_or(0) as u64;
        let mut rng = Rng::new(&[seed, index, number, 1]);
        super::outline::build(category, &mut rng)
    }

    /// An empty garment of this cloth.
    pub(crate) fn new(rng: &mut Rng, fabric: Fabric, pattern: Pattern, colour: Colour) -> Self {
        let other = match pattern {
            Pattern::Melange => Colour {
                name: "",
                rgb: palette::toned(colour.rgb, if palette::luma(colour.rgb) < 0.5 { 1.8 } else { 0.6 }),
            },
            _ => palette::contrast(rng, colour),
        };
        let third = palette::contrast(rng, colour);
        let main = Cloth {
            fabric,
            pattern,
            colours: [colour.light(), other.light(), third.light()],
            gauge: rng.range(0.85, 1.5),
        };
        let plain = |fabric: Fabric, light: Light| Cloth {
            fabric,
            pattern: Pattern::Plain,
            colours: [light; 3],
            gauge: 1.0,
        };
        let base = colour.light();
        let hardware = if rng.chance(0.5) { [0.55, 0.55, 0.56] } else { [0.5, 0.36, 0.14] };
        let thread = if fabric == Fabric::Denim && rng.chance(0.7) {
            [0.55, 0.27, 0.08]
        } else if palette::luma(colour.rgb) < 0.3 {
            base.map(|x| x * 1.8 + 0.02)
        } else {
            base.map(|x| x * 0.62)
        };
        let lining = if rng.chance(0.3) { third.light() } else { base };
        let cloths = vec![
            main,
            plain(fabric, other.light()),
            plain(Fabric::Cotton, lining),
            plain(Fabric::Rib, base),
            plain(Fabric::Metal, hardware),
            plain(Fabric::Cotton, thread),
            plain(
                Fabric::Cotton,
                if palette::luma(colour.rgb) > 0.6 && rng.chance(0.5) { [0.05; 3] } else { [0.8; 3] },
            ),
            plain(fabric, base),
        ];
        let words = super::Attributes {
            pattern: pattern.word(),
            sleeve: "none",
            neckline: "none",
            length: "none",
            fabric: fabric.word(),
            fit: "regular",
        };
        Self { pieces: Vec::new(), cloths, words, colour, hang: None }
    }

    /// Adds a cloth.
    pub(crate) fn cloth(&mut self, fabric: Fabric, light: Light) -> usize {
        self.cloths.push(Cloth { fabric, pattern: Pattern::Plain, colours: [light; 3], gauge: 1.0 });
        self.cloths.len() - 1
    }

    /// Puts a piece on top.
    pub(crate) fn add(&mut self, piece: Piece) {
        self.pieces.push(piece);
    }
}
