//! Points, curves flattened to polygons, and the projection from garment to picture.

/// A point; garments live in units of about their own height, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pt {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

/// Short for a point.
pub(crate) const fn pt(x: f32, y: f32) -> Pt {
    Pt { x, y }
}

impl Pt {
    pub(crate) fn plus(self, other: Self) -> Self {
        pt(self.x + other.x, self.y + other.y)
    }
    pub(crate) fn minus(self, other: Self) -> Self {
        pt(self.x - other.x, self.y - other.y)
    }
    pub(crate) fn times(self, by: f32) -> Self {
        pt(self.x * by, self.y * by)
    }
    pub(crate) fn length(self) -> f32 {
        self.x.hypot(self.y)
    }
    pub(crate) fn toward(self, other: Self, t: f32) -> Self {
        self.plus(other.minus(self).times(t))
    }
}

/// Draws a polygon with curves; curves are flattened at once so that every point can later be bent and projected.
pub(crate) struct Pen(Vec<Pt>);

const STEPS: usize = 14;

impl Pen {
    pub(crate) fn at(x: f32, y: f32) -> Self {
        Self(vec![pt(x, y)])
    }

    fn last(&self) -> Pt {
        self.0.last().copied().unwrap_or(pt(0.0, 0.0))
    }

    /// A straight line, cut into pieces so that it can bend with the cloth.
    pub(crate) fn line(mut self, x: f32, y: f32) -> Self {
        let (from, to) = (self.last(), pt(x, y));
        self.0.extend((1..=6).map(|i| from.toward(to, i as f32 / 6.0)));
        self
    }

    pub(crate) fn quad(mut self, cx: f32, cy: f32, x: f32, y: f32) -> Self {
        let (a, b, c) = (self.last(), pt(cx, cy), pt(x, y));
        self.0.extend((1..=STEPS).map(|i| {
            let t = i as f32 / STEPS as f32;
            a.toward(b, t).toward(b.toward(c, t), t)
        }));
        self
    }

    pub(crate) fn cubic(mut self, a: Pt, b: Pt, end: Pt) -> Self {
        let start = self.last();
        self.0.extend((1..=STEPS).map(|i| {
            let t = i as f32 / STEPS as f32;
            let (p, q, r) = (start.toward(a, t), a.toward(b, t), b.toward(end, t));
            p.toward(q, t).toward(q.toward(r, t), t)
        }));
        self
    }

    /// A smooth curve through all the points.
    pub(crate) fn through(mut self, points: &[Pt]) -> Self {
        let mut all = vec![self.last()];
        all.extend_from_slice(points);
        for i in 0..all.len().saturating_sub(1) {
            let before = all[i.saturating_sub(1)];
            let after = all[(i + 2).min(all.len() - 1)];
            let a = all[i].plus(all[i + 1].minus(before).times(1.0 / 6.0));
            let b = all[i + 1].minus(after.minus(all[i]).times(1.0 / 6.0));
            self = self.cubic(a, b, all[i + 1]);
        }
        self
    }

    pub(crate) fn done(self) -> Vec<Pt> {
        self.0
    }
}

/// The other side's copy.
pub(crate) fn mirrored(points: &[Pt]) -> Vec<Pt> {
    points.iter().map(|p| pt(-p.x, p.y)).collect()
}

/// An ellipse as a polygon.
pub(crate) fn ellipse(centre: Pt, rx: f32, ry: f32) -> Vec<Pt> {
    (0..28)
        .map(|i| {
            let angle = i as f32 / 28.0 * std::f32::consts::TAU;
            pt(centre.x + rx * angle.cos(), centre.y + ry * angle.sin())
        })
        .collect()
}

/// A band of this half width along a line, narrowing or widening to `end`.
pub(crate) fn ribbon(line: &[Pt], start: f32, end: f32) -> Vec<Pt> {
    let n = line.len();
    let (mut left, mut right) = (Vec::with_capacity(2 * n), Vec::with_capacity(n));
    for (i, p) in line.iter().enumerate() {
        let along = line[(i + 1).min(n - 1)].minus(line[i.saturating_sub(1)]);
        let length = along.length().max(1e-6);
        let half = start + (end - start) * i as f32 / (n.max(2) - 1) as f32;
        let across = pt(-along.y / length * half, along.x / length * half);
        left.push(p.plus(across));
        right.push(p.minus(across));
    }
    right.reverse();
    left.extend(right);
    left
}

/// Smallest and largest coordinates.
pub(crate) fn bounds<'a>(points: impl Iterator<Item = &'a Pt>) -> (Pt, Pt) {
    points.fold((pt(f32::MAX, f32::MAX), pt(f32::MIN, f32::MIN)), |(low, high), p| {
        (pt(low.x.min(p.x), low.y.min(p.y)), pt(high.x.max(p.x), high.y.max(p.y)))
    })
}

/// A plane-to-plane projection with its inverse.
#[derive(Clone)]
pub(crate) struct Projection {
    forward: [f32; 9],
    inverse: [f32; 9],
    /// Picture pixels for one garment unit, about.
    pub(crate) scale: f32,
}

fn apply(m: &[f32; 9], p: Pt) -> Pt {
    let w = m[6] * p.x + m[7] * p.y + m[8];
    let w = if w.abs() < 1e-4 { 1e-4 } else { w };
    pt((m[0] * p.x + m[1] * p.y + m[2]) / w, (m[3] * p.x + m[4] * p.y + m[5]) / w)
}

impl Projection {
    /// Turns by `angle` about `centre`, scales, tilts by `tilt` and puts `centre` at `target`.
    pub(crate) fn new(centre: Pt, target: Pt, scale: f32, angle: f32, tilt: Pt) -> Self {
        let (s, c) = angle.sin_cos();
        let (a, b, d, e) = (scale * c, -scale * s, scale * s, scale * c);
        // Row three makes far points smaller; the target stays fixed because it maps from the centre (w = 1).
        let (g, h) = (tilt.x * c + tilt.y * s, -tilt.x * s + tilt.y * c);
        let k = 1.0 - g * centre.x - h * centre.y;
        let m = [
            a + target.x * g,
            b + target.x * h,
            -a * centre.x - b * centre.y + target.x * k,
            d + target.y * g,
            e + target.y * h,
            -d * centre.x - e * centre.y + target.y * k,
            g,
            h,
            k,
        ];
        Self { forward: m, inverse: invert(&m), scale }
    }

    pub(crate) fn to_picture(&self, p: Pt) -> Pt {
        apply(&self.forward, p)
    }

    pub(crate) fn to_garment(&self, p: Pt) -> Pt {
        apply(&self.inverse, p)
    }
}

fn invert(m: &[f32; 9]) -> [f32; 9] {
    let cof = |a: usize, b: usize, c: usize, d: usize| m[a] * m[d] - m[b] * m[c];
    [
        cof(4, 5, 7, 8),
        -cof(1, 2, 7, 8),
        cof(1, 2, 4, 5),
        -cof(3, 5, 6, 8),
        cof(0, 2, 6, 8),
        -cof(0, 2, 3, 5),
        cof(3, 4, 6, 7),
        -cof(0, 1, 6, 7),
        cof(0, 1, 3, 4),
    ]
}
