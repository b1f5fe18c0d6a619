//! Positions: a pair of decimal degrees precise to some ten metres, or an angle that is called latitude or longitude (ISO 6709).

use super::Candidate;
use super::PersonalKind::GpsPosition;
use super::context::{is_contrary, label, near};
use super::reader::{Reader, SPACE, is, is_alnum, is_digit, is_letter, is_one_of, units};
use super::words::Words;

const LABELS: Words = Words::new(&[
    "经纬度",
    "坐标",
    "定位",
    "位置",
    "gps",
    "lat",
    "lng",
    "lon",
    "latitude",
    "longitude",
    "coordinates",
    "coordinate",
    "coords",
    "location",
    "position",
    "located at",
    "geolocation",
    "geo",
    "map",
    "pin",
    "经度",
    "纬度",
    "东经",
    "西经",
    "北纬",
    "南纬",
]);
const ANGLES: Words = Words::new(&["经度", "纬度", "东经", "西经", "北纬", "南纬", "lat", "lng", "lon", "long", "latitude", "longitude"]);
/// What may stand before the second angle of a pair.
const AXES: &[&str] =
    &["东经", "西经", "北纬", "南纬", "经度", "纬度", "longitude", "latitude", "long", "lng", "lon", "lat", "e", "w", "n", "s"];
/// Decimals that tell a place to some ten metres; the pair is believed without a label only with more, or within China.
const DECIMALS: usize = 4;
/// Most decimals looked at: those of a 64-bit float.
const MAX_DECIMALS: usize = 15;
/// Most decimals of minutes and seconds, a thousandth of a millimetre, so that a pair stays short.
const MAX_OF_MINUTES: usize = 6;

/// An angle in degrees.
#[derive(Clone, Copy)]
struct Angle {
    degrees: f64,
    decimals: usize,
    end: usize,
    /// Whether degree signs or a direction make it an angle without a label.
    marked: bool,
    /// Whether a letter of the compass follows.
    directed: bool,
}

/// A position that begins with the digits here.
pub(super) fn position(r: &Reader<'_>, start: usize) -> Option<Candidate> {
    let before = r.before(start, 1);
    let glued =
        is_digit(before) || is_one_of(before, b"._/") || is_letter(before) && is_letter(r.before(start, 2)) || is_one_of(before, b"$");
    let first = angle(r, start).filter(|angle| !glued && angle.degrees <= 180.0)?;
    if let Some(end) = pair(r, start, first) {
        let labelled = near(r, start, LABELS, 10);
        return Some(Candidate::new(GpsPosition, start..end, if labelled || first.marked { 1.0 } else { 0.7 }));
    }
    let called = label(r, start, ANGLES) || first.marked && (first.directed || is_one_of(before, b"nsew"));
    (called && (first.decimals >= 2 || first.marked)).then(|| Candidate::new(GpsPosition, start..first.end, 0.9))
}

/// The end of the second angle, if the two are latitude and longitude.
fn pair(r: &Reader<'_>, start: usize, first: Angle) -> Option<usize> {
    let place = second(r, first.end)?;
    let other = angle(r, place).filter(|other| other.degrees <= 180.0 && (first.degrees <= 90.0 || other.degrees <= 90.0))?;
    let marked = first.marked && other.marked;
    let labelled = marked || near(r, start, LABELS, 10);
    let least = if labelled { 2 } else { DECIMALS };
    let precise = marked || (first.decimals >= least && other.decimals >= least);
    let (low, high) = (first.degrees.min(other.degrees), first.degrees.max(other.degrees));
    let in_china = (3.0..=54.0).contains(&low) && (73.0..=136.0).contains(&high);
    let fine = low >= 1.0 && first.decimals > DECIMALS && other.decimals > DECIMALS;
    let listed = is_one_of(r.before(start, 1), b", ") && is_one_of(r.before(start, 2), b"0123456789,") || is_list(r, other.end);
    let plain = (in_china || fine) && !listed && !is_contrary(r, start);
    (precise && (labelled || plain)).then_some(other.end)
}

/// Whether a further decimal follows after a comma: a list of figures.
fn is_list(r: &Reader<'_>, end: usize) -> bool {
    let place = r.skip_spaces(end + usize::from(is_one_of(r.at(end), b",;")), 1);
    place > end && is_digit(r.at(place + usize::from(is(r.at(place), b'-'))))
}

/// Where the second angle begins: a comma or space, the name of the axis, a sign.
fn second(r: &Reader<'_>, end: usize) -> Option<usize> {
    let sign = usize::from(is_one_of(r.at(end), b",;/") || matches!(r.at(end), 0x3001));
    let place = r.skip_spaces(end + sign, 2);
    let place = if r.has(place, "and ") { place + 4 } else { place };
    let axis = r.has_any(place, AXES).map_or(0, units);
    let after = place + axis;
    let after = if axis > 1 && r.has(after, " is ") { after + 3 } else { after };
    let linked = r.skip_spaces(after + usize::from(axis > 0 && is_one_of(r.at(after), b":=")), 1);
    (place > end || axis > 1).then_some(linked + usize::from(is_one_of(r.at(linked), b"-+")))
}

/// '39.9042', '39.9042°n', '39°54′15″n'.
fn angle(r: &Reader<'_>, start: usize) -> Option<Angle> {
    let (degrees, decimals, end) = decimal(r, start, MAX_DECIMALS)?;
    let degree = r.at(end) == 0xB0 || r.at(end) == 0x5EA6;
    if !degree {
        let named = direction(r, end);
        let ended = !is_alnum(r.at(end)) || named > 0;
        let point = is(r.at(end), b'.') && is_digit(r.at(end + 1));
        let directed = named > 0;
        let end = end + named;
        return (decimals > 0 && ended && !point && !is(r.at(end), b'%')).then_some(Angle {
            degrees,
            decimals,
            end,
            marked: false,
            directed,
        });
    }
    let minutes = if decimals == 0 { decimal(r, end + 1, MAX_OF_MINUTES) } else { None };
    let minutes = minutes.filter(|(minutes, _, end)| *minutes < 60.0 && matches!(r.at(*end), 0x2032 | 0x27 | 0x2019 | 0x5206));
    let Some((_, more, end)) = minutes else {
        let named = direction(r, end + 1);
        return (decimals > 0).then_some(Angle { degrees, decimals, end: end + 1 + named, marked: named > 0, directed: named > 0 });
    };
    let seconds = decimal(r, end + 1, MAX_OF_MINUTES).filter(|(seconds, _, _)| *seconds < 60.0);
    let end = seconds.map_or(end + 1, |(_, _, end)| end);
    let end = end + (0..2).take_while(|i| matches!(r.at(end + i), 0x2032 | 0x2033 | 0x27 | 0x22 | 0x201D | 0x79D2)).count();
    let place = r.skip_spaces(end, 1);
    let named = direction(r, place);
    Some(Angle { degrees, decimals: 2 + more, end: if named > 0 { place + named } else { end }, marked: true, directed: named > 0 })
}

/// One letter of the compass, or its word, a space before it or not: how many units.
fn direction(r: &Reader<'_>, place: usize) -> usize {
    let space = usize::from(is(r.at(place), SPACE as u8));
    let word = r.has_any(place + space, &["north", "south", "east", "west", "n", "s", "e", "w"]).map_or(0, units);
    if word > 0 && !is_letter(r.at(place + space + word)) { space + word } else { 0 }
}

/// Up to three digits and their decimals: the value, how many decimals, the end.
fn decimal(r: &Reader<'_>, start: usize, most: usize) -> Option<(f64, usize, usize)> {
    let whole = (0..4).take_while(|i| is_digit(r.at(start + i))).count();
    let point = start + whole;
    let decimals = if is(r.at(point), b'.') { (0..=most).take_while(|i| is_digit(r.at(point + 1 + i))).count() } else { 0 };
    if !(1..=3).contains(&whole) || decimals > most {
        return None;
    }
    let read = |from: usize, count: usize| (0..count).fold(0.0, |n, i| n * 10.0 + f64::from(r.at(from + i).wrapping_sub(0x30)));
    let fraction = read(point + 1, decimals) / (0..decimals).fold(1.0, |scale, _| scale * 10.0);
    Some((read(start, whole) + fraction, decimals, point + if decimals > 0 { decimals + 1 } else { 0 }))
}
