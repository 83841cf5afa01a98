//! Charts as SVG text: lines, bars and a waterfall. Colours are the page's.

use std::fmt::Write;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 34.0;
const COLOURS: usize = 4;
const ROW: f64 = 24.0;

/// A line of a chart.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    /// In the order of x.
    pub(super) points: Vec<(f64, f64)>,
}

/// The horizontal axis; without ticks of its own it gets round ones.
pub(super) struct Axis<'a> {
    pub(super) label: &'a str,
    pub(super) ticks: &'a [(f64, &'a str)],
}

/// Returns a chart of lines over one axis, whose values begin at 0.
pub(super) fn lines(title: &str, axis: &Axis<'_>, lines: &[Line<'_>]) -> String {
    let points = || lines.iter().flat_map(|line| line.points.iter());
    let most_x =
        points().map(|point| point.0).chain(axis.ticks.iter().map(|tick| tick.0)).fold(1.0, f64::max);
    let most_y = round_up(points().map(|point| point.1).fold(0.0, f64::max));
    let x = |value: f64| LEFT + value / most_x * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / most_y * (HEIGHT - TOP - BOTTOM);
    let mut drawn = String::new();
    for part in 0..=4 {
        let value = most_y * f64::from(part) / 4.0;
        let at = y(value);
        // Writing to a string cannot fail, here and below.
        _ = write!(
            drawn,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0,
            short(value)
        );
    }
    let own: Vec<(f64, String)> = if axis.ticks.is_empty() {
        (0..=5).map(|part| most_x * f64::from(part) / 5.0).map(|value| (value, short(value))).collect()
    } else {
        axis.ticks.iter().map(|(at, name)| (*at, (*name).to_owned())).collect()
    };
    for (at, name) in own {
        _ = write!(
            drawn,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
            x(at),
            HEIGHT - 16.0
        );
    }
    _ = write!(
        drawn,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        WIDTH - RIGHT,
        HEIGHT - 2.0,
        axis.label
    );
    let mut key = LEFT;
    for (place, line) in lines.iter().enumerate() {
        let mut path = String::new();
        for (number, (at, value)) in line.points.iter().enumerate() {
            _ = write!(path, "{}{:.1} {:.1}", if number == 0 { 'M' } else { 'L' }, x(*at), y(*value));
        }
        let colour = place % COLOURS;
        _ = write!(
            drawn,
            "<g class=\"c{colour}\"><path class=\"line\" d=\"{path}\"/><text class=\"key\" x=\"{key:.1}\" y=\"14\">{}</text></g>",
            line.name
        );
        key += 24.0 + 7.0 * line.name.len() as f64;
    }
    figure(title, HEIGHT, &drawn)
}

/// Returns a chart of one bar for each value.
pub(super) fn bars(title: &str, values: &[(String, f64)]) -> String {
    let spans: Vec<(String, f64, f64)> =
        values.iter().map(|(name, value)| (name.clone(), 0.0, *value)).collect();
    rows(title, &spans)
}

/// Returns bars of which each begins where the one before ends.
pub(super) fn waterfall(title: &str, values: &[(String, f64)]) -> String {
    let mut begin = 0.0;
    let spans: Vec<(String, f64, f64)> = values
        .iter()
        .map(|(name, value)| {
            let span = (name.clone(), begin, *value);
            begin += value;
            span
        })
        .collect();
    rows(title, &spans)
}

fn rows(title: &str, spans: &[(String, f64, f64)]) -> String {
    let most = spans.iter().map(|(_, begin, length)| begin + length).fold(0.0, f64::max).max(1e-9);
    let scale = (WIDTH - LEFT - RIGHT - 70.0) / most;
    let mut drawn = String::new();
    for (place, (name, begin, length)) in spans.iter().enumerate() {
        let top = ROW * place as f64 + 4.0;
        let (from, width) = (LEFT + begin * scale, (length * scale).max(1.0));
        _ = write!(
            drawn,
            "<g class=\"c0\"><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>\
             <rect class=\"bar\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{length:.3}</text></g>",
            LEFT - 8.0,
            top + 13.0,
            ROW - 8.0,
            from + width + 6.0,
            top + 13.0
        );
    }
    figure(title, ROW * spans.len() as f64 + 8.0, &drawn)
}

fn figure(title: &str, height: f64, drawn: &str) -> String {
    format!(
        "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{title}\">{drawn}</svg></figure>"
    )
}

/// Returns the next of 1, 2, 4, 5 and 10 times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 10.0];
    steps.iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(10.0 * power)
}

fn short(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::{Axis, Line, lines, round_up};

    #[test]
    fn axes_end_at_round_numbers_and_an_empty_chart_is_one() {
        assert_eq!([0.0, 0.003, 1.0, 3.2, 41.0, 99.0].map(round_up), [1.0, 0.004, 1.0, 4.0, 50.0, 100.0]);
        let chart = lines("x", &Axis { label: "s", ticks: &[] }, &[Line { name: "a", points: Vec::new() }]);
        assert!(chart.contains("<svg") && !chart.contains("NaN"), "{chart}");
    }
}
