//! Pieces to pixels: coverage by anti-aliased filling, then colour, relief and occlusion, piece over piece.

use tiny_skia::{FillRule, Mask, PathBuilder, Stroke, StrokeDash, Transform};

use super::garment::{Fold, Garment, Ink, Piece, Shape};
use super::geom::{Projection, Pt, bounds, pt};
use super::noise::{cloud, crumple, smooth};
use super::palette::Light;

/// What the shading needs to know of every pixel.
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) cover: Vec<f32>,
    /// Coverage of garment and props together.
    pub(crate) solid: Vec<f32>,
    pub(crate) colour: Vec<Light>,
    /// Relief in pixels.
    pub(crate) relief: Vec<f32>,
    pub(crate) open: Vec<f32>,
    pub(crate) gloss: Vec<f32>,
    anchor: Vec<f32>,
}

/// A rectangle of pixels with values.
pub(crate) struct Patch {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<f32>,
}

/// How the scene bends the garment's outlines, so that no two drawings share an edge.
#[derive(Clone, Copy)]
pub(crate) struct Warp {
    pub(crate) phase: Pt,
    pub(crate) amount: f32,
}

impl Warp {
    /// The point, moved.
    pub(crate) fn bend(self, p: Pt) -> Pt {
        let q = p.plus(self.phase);
        let slow = pt(cloud(q.x * 0.55, q.y * 0.55), cloud(q.y * 0.55 + 5.0, q.x * 0.55 + 9.0));
        let fast = pt(cloud(q.x * 2.6 + 3.0, q.y * 2.6), cloud(q.y * 2.6 + 1.0, q.x * 2.6 + 4.0));
        p.plus(slow.times(self.amount)).plus(fast.times(self.amount * 0.28))
    }
}

/// Blurs in place, twice, with a box of this radius.
pub(crate) fn blur(values: &mut [f32], width: usize, height: usize, radius: usize) {
    if radius == 0 || width == 0 || height == 0 {
        return;
    }
    let mut line = vec![0.0; width.max(height)];
    let weight = 1.0 / (2 * radius + 1) as f32;
    for _ in 0..2 {
        for row in values.chunks_exact_mut(width) {
            slide(row, 1, width, radius, weight, &mut line);
        }
        // Whole rows at a time: column by column would miss the cache at every step.
        let mut sums = vec![0.0; width];
        let source = values.to_vec();
        let at = |y: i64| &source[(y.clamp(0, height as i64 - 1) as usize) * width..][..width];
        for y in -(radius as i64)..=(radius as i64) {
            sums.iter_mut().zip(at(y)).for_each(|(s, v)| *s += v);
        }
        for y in 0..height {
            let (leaving, entering) = (at(y as i64 - radius as i64), at(y as i64 + radius as i64 + 1));
            for (x, out) in values[y * width..][..width].iter_mut().enumerate() {
                *out = sums[x] * weight;
                sums[x] += entering[x] - leaving[x];
            }
        }
    }
}

fn slide(row: &mut [f32], step: usize, n: usize, radius: usize, weight: f32, line: &mut [f32]) {
    for (i, value) in line[..n].iter_mut().enumerate() {
        *value = row[i * step];
    }
    let at = |i: i64| line[i.clamp(0, n as i64 - 1) as usize];
    let mut sum: f32 = (-(radius as i64)..=radius as i64).map(at).sum();
    for i in 0..n {
        row[i * step] = sum * weight;
        sum += at(i as i64 + radius as i64 + 1) - at(i as i64 - radius as i64);
    }
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let n = width * height;
        Self {
            width,
            height,
            cover: vec![0.0; n],
            solid: vec![0.0; n],
            colour: vec![[0.0; 3]; n],
            relief: vec![0.0; n],
            open: vec![1.0; n],
            gloss: vec![0.0; n],
            anchor: vec![0.0; n],
        }
    }

    /// Coverage of a shape, with this many pixels of margin around it.
    fn fill(&self, piece: &Piece, projection: &Projection, warp: Warp, margin: usize) -> Option<Patch> {
        let points: Vec<Pt> = piece.points().iter().map(|p| projection.to_picture(warp.bend(*p))).collect();
        if points.len() < 2 {
            return None;
        }
        let line = match &piece.shape {
            Shape::Line(_, width, _) => width * projection.scale,
            Shape::Area(_) => 0.0,
        };
        let (low, high) = bounds(points.iter());
        let pad = margin as f32 + line + 2.0;
        let x0 = (low.x - pad).floor().clamp(0.0, self.width as f32) as usize;
        let y0 = (low.y - pad).floor().clamp(0.0, self.height as f32) as usize;
        let x1 = (high.x + pad).ceil().clamp(0.0, self.width as f32) as usize;
        let y1 = (high.y + pad).ceil().clamp(0.0, self.height as f32) as usize;
        if x1 <= x0 || y1 <= y0 {
            return None;
        }
        let mut path = PathBuilder::new();
        for (i, p) in points.iter().enumerate() {
            let (x, y) = (p.x - x0 as f32, p.y - y0 as f32);
            if i == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        let mut faint = 1.0;
        let path = match &piece.shape {
            Shape::Area(_) => {
                path.close();
                path.finish()?
            }
            Shape::Line(_, width, dash) => {
                let mut stroke = Stroke { width: (width * projection.scale).max(0.8), ..Stroke::default() };
                // Thinner than a pixel: as wide as one, and fainter.
                faint = (width * projection.scale / stroke.width).clamp(0.35, 1.0);
                stroke.line_join = tiny_skia::LineJoin::Round;
                stroke.line_cap = tiny_skia::LineCap::Round;
                if *dash > 0.0 && dash * projection.scale > 1.5 {
                    stroke.line_cap = tiny_skia::LineCap::Butt;
                    let on = dash * projection.scale;
                    stroke.dash = StrokeDash::new(vec![on, on * 0.6], 0.0);
                }
                let path = path.finish()?;
                let dashed = match &stroke.dash {
                    Some(dash) => path.dash(dash, 1.0).unwrap_or(path),
                    None => path,
                };
                dashed.stroke(&stroke, 1.0)?
            }
        };
        let (width, height) = (x1 - x0, y1 - y0);
        let mut mask = Mask::new(width as u32, height as u32)?;
        mask.fill_path(&path, FillRule::Winding, true, Transform::identity());
        let values = mask.data().iter().map(|v| f32::from(*v) / 255.0 * faint).collect();
        Some(Patch { x: x0, y: y0, width, height, values })
    }

    /// Lays one piece on what is there.
    pub(crate) fn lay(
        &mut self,
        piece: &Piece,
        garment: &Garment,
        projection: &Projection,
        warp: Warp,
        light: Pt,
    ) {
        let scale = projection.scale;
        let radius = ((piece.round * scale) as usize).clamp(1, 60);
        let Some(mut patch) = self.fill(piece, projection, warp, radius * 2 + 1) else { return };
        let at =
            |patch: &Patch, i: usize| (patch.y + i / patch.width) * self.width + patch.x + i % patch.width;
        if piece.clipped {
            for i in 0..patch.values.len() {
                patch.values[i] *= self.anchor[at(&patch, i)];
            }
        }
        let mut near = patch.values.clone();
        blur(&mut near, patch.width, patch.height, radius);
        self.cast(piece, &patch, &near, light, radius);
        let folds = relief_of_folds(piece, projection, warp, &patch);
        let (sin, cos) = piece.angle.sin_cos();
        let pixel = 1.0 / scale;
        if piece.anchor {
            self.anchor.iter_mut().for_each(|v| *v = 0.0);
        }
        for i in 0..patch.values.len() {
            let cover = patch.values[i] * piece.alpha;
            if patch.values[i] <= 0.004 {
                continue;
            }
            let p = (patch.y + i / patch.width) * self.width + patch.x + i % patch.width;
            if piece.anchor {
                self.anchor[p] = patch.values[i];
            }
            let edge = smooth(0.42, 1.0, near[i]);
            let lift = piece.rise * scale * edge;
            let Ink::Cloth(number) = piece.ink else {
                self.relief[p] += piece.rise * scale * cover;
                self.open[p] *= 1.0 - cover * (1.0 - piece.shade);
                continue;
            };
            let cloth = &garment.cloths[number];
            let g = projection.to_garment(pt(
                (patch.x + i % patch.width) as f32 + 0.5,
                (patch.y + i / patch.width) as f32 + 0.5,
            ));
            let d = g.minus(piece.origin);
            let slide = folds[i] * pixel * 0.8;
            let (u, v) = (d.x * cos + d.y * sin + slide, d.y * cos - d.x * sin + slide * 0.5);
            // Cloth is never laid quite straight, so neither are its stripes.
            let wave = cloud(g.x * 1.6 + warp.phase.x, g.y * 1.6 + warp.phase.y) * 0.012;
            let (u, v) = (u + wave, v - wave);
            let texel = cloth.fabric.texel(u, v, cloth.gauge, pixel);
            let ink = cloth.pattern.colour(&cloth.colours, u, v, g.y + wave, pixel);
            let mut height = lift + texel.height * scale + folds[i];
            let mut open = piece.shade;
            if piece.crumple > 0.0 {
                let q = g.plus(warp.phase);
                let bump = crumple(q.x * 2.0, q.y * 1.6);
                height += bump * 0.017 * piece.crumple * scale;
                open *= 1.0 + (0.06 * bump * piece.crumple).clamp(-0.1, 0.05);
            }
            // Valleys see less of the room.
            open *= 1.0 + (folds[i] * pixel * 6.0).clamp(-0.28, 0.06);
            open *= 0.93 + 0.07 * smooth(0.45, 0.95, near[i]);
            let below = self.relief[p];
            let height = height + below * piece.follow;
            self.relief[p] = below + (height - below) * cover;
            self.open[p] +=
                (open * (1.0 - piece.follow + piece.follow * self.open[p]) - self.open[p]) * cover;
            self.gloss[p] += (cloth.fabric.gloss() - self.gloss[p]) * cover;
            for (value, ink) in self.colour[p].iter_mut().zip(ink) {
                *value += (ink * texel.tone - *value) * cover;
            }
            let sum = |old: f32| old + (1.0 - old) * cover;
            self.solid[p] = sum(self.solid[p]);
            if !piece.prop {
                self.cover[p] = sum(self.cover[p]);
            }
        }
    }

    /// Darkens what lies under and beside a piece, more on the side away from the light.
    fn cast(&mut self, piece: &Piece, patch: &Patch, near: &[f32], light: Pt, radius: usize) {
        let shift = 0.7 * radius as f32;
        let (dx, dy) = ((-light.x * shift).round() as i64, (-light.y * shift).round() as i64);
        for y in 0..patch.height {
            for x in 0..patch.width {
                let (sx, sy) = (x as i64 - dx, y as i64 - dy);
                let inside = sx >= 0 && sy >= 0 && sx < patch.width as i64 && sy < patch.height as i64;
                let far = if inside { near[sy as usize * patch.width + sx as usize] } else { 0.0 };
                let beside = 1.0 - patch.values[y * patch.width + x];
                let dark = (0.75 * far + 0.6 * near[y * patch.width + x]).min(1.0) * piece.shadow * beside;
                if dark > 0.004 {
                    self.open[(patch.y + y) * self.width + patch.x + x] *= 1.0 - dark;
                }
            }
        }
    }
}

/// Height, in pixels, of a piece's folds.
fn relief_of_folds(piece: &Piece, projection: &Projection, warp: Warp, patch: &Patch) -> Vec<f32> {
    let mut out = vec![0.0; patch.values.len()];
    for fold in &piece.folds {
        stamp(fold, projection, warp, patch, &mut out);
    }
    out
}

fn stamp(fold: &Fold, projection: &Projection, warp: Warp, patch: &Patch, out: &mut [f32]) {
    let scale = projection.scale;
    let (a, b) = (projection.to_picture(warp.bend(fold.from)), projection.to_picture(warp.bend(fold.to)));
    let along = b.minus(a);
    let length = along.length();
    if length < 2.0 {
        return;
    }
    let (ux, uy) = (along.x / length, along.y / length);
    let bend = fold.bend * scale;
    let reach = fold.start.max(fold.end) * scale + bend.abs();
    let x0 = ((a.x.min(b.x) - reach) as i64 - patch.x as i64).clamp(0, patch.width as i64) as usize;
    let x1 = ((a.x.max(b.x) + reach) as i64 + 1 - patch.x as i64).clamp(0, patch.width as i64) as usize;
    let y0 = ((a.y.min(b.y) - reach) as i64 - patch.y as i64).clamp(0, patch.height as i64) as usize;
    let y1 = ((a.y.max(b.y) + reach) as i64 + 1 - patch.y as i64).clamp(0, patch.height as i64) as usize;
    for y in y0..y1 {
        for x in x0..x1 {
            let (px, py) = ((patch.x + x) as f32 - a.x, (patch.y + y) as f32 - a.y);
            let t = (px * ux + py * uy) / length;
            if !(0.0..=1.0).contains(&t) {
                continue;
            }
            let width = (fold.start + (fold.end - fold.start) * t) * scale;
            let d = (py * ux - px * uy - bend * 4.0 * t * (1.0 - t)) / width.max(0.5);
            if d.abs() < 1.0 {
                // Steeper on one side than the other, as cloth that was pushed.
                let profile = (1.0 - d * d) * (1.0 - d * d) * (1.0 + 0.55 * d);
                let ends = (4.0 * t * (1.0 - t)).min(1.0);
                out[y * patch.width + x] += fold.height * scale * profile * ends;
            }
        }
    }
}
