//! A matrix whose rows are rounded to bytes.

/// Rows of bytes.
pub(super) struct Quantised {
    values: Vec<u8>,
    points: Vec<Point>,
    columns: usize,
    top: f32,
}

/// The meaning of the bytes of a row: an element is `(byte - zero) * scale`, except the one set aside.
#[derive(Clone, Copy, Default)]
pub(super) struct Point {
    pub scale: f32,
    pub zero: f32,
    /// An element that keeps its number, and has the byte for 0: its column and value. One element
    /// of a normalised row is often several times as large as all others, which would be rounded
    /// coarsely for its sake.
    pub aside: (usize, f32),
}

impl Quantised {
    /// Creates an empty matrix. `top` is the greatest byte.
    pub fn new(columns: usize, top: u8) -> Self {
        Self {
            values: Vec::new(),
            points: Vec::new(),
            columns,
            top: f32::from(top),
        }
    }

    /// Makes room for this many rows, whose elements are undefined until they are written.
    pub fn resize(&mut self, rows: usize) {
        self.values.resize(rows * self.columns, 0);
        self.points.resize(rows, Point::default());
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn top(&self) -> f32 {
        self.top
    }

    pub fn values(&self) -> &[u8] {
        &self.values
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }

    pub fn rows_mut(&mut self) -> impl Iterator<Item = (&mut [u8], &mut Point)> {
        let rows = self.values.chunks_exact_mut(self.columns);
        rows.zip(&mut self.points)
    }
}
