//! The figures of all rounds, and the table of them.

/// The figures of one side, in the order in which they first came.
#[derive(Default)]
pub struct Figures(Vec<Figure>);

struct Figure {
    work: &'static str,
    name: String,
    /// One a round.
    values: Vec<f64>,
}

impl Figures {
    pub fn add(&mut self, work: &'static str, name: &str, value: f64) {
        let known = self
            .0
            .iter_mut()
            .find(|figure| figure.work == work && figure.name == name);
        match known {
            Some(figure) => figure.values.push(value),
            None => self.0.push(Figure {
                work,
                name: name.to_owned(),
                values: vec![value],
            }),
        }
    }

    fn find(&self, other: &Figure) -> Option<&Figure> {
        let is_same = |figure: &&Figure| (figure.work, &figure.name) == (other.work, &other.name);
        self.0.iter().find(is_same)
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

/// The median, and of several values the least and the most.
fn told(values: &[f64]) -> String {
    if let [value] = values {
        return format!("{value:.2}");
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{:.2} ({least:.2} to {most:.2})", median(values))
}

/// A markdown table of the present program and, if there is one, of the baseline beside it. A ratio
/// is the median of the rounds' ratios, so it holds while the machine's speed drifts.
pub fn table(present: &Figures, baseline: Option<&Figures>) -> String {
    let mut lines = match baseline {
        Some(_) => vec![
            "| work | figure | baseline | now | now / baseline |".to_owned(),
            "| --- | --- | ---: | ---: | ---: |".to_owned(),
        ],
        None => vec![
            "| work | figure | median (least to most) |".to_owned(),
            "| --- | --- | ---: |".to_owned(),
        ],
    };
    for figure in &present.0 {
        let Figure { work, name, values } = figure;
        let now = told(values);
        lines.push(match baseline.and_then(|all| all.find(figure)) {
            Some(before) => {
                let pairs = values.iter().zip(&before.values);
                let ratios: Vec<f64> = pairs.map(|(now, before)| now / before).collect();
                let ratio = match median(&ratios) {
                    ratio if ratio.is_finite() => format!("{ratio:.2}"),
                    _ => String::new(),
                };
                let was = told(&before.values);
                format!("| {work} | {name} | {was} | {now} | {ratio} |")
            }
            None => format!("| {work} | {name} | {now} |"),
        });
    }
    lines.join("\n")
}
