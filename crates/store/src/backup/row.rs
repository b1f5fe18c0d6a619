//! Rows as bytes: values one after the other, each with its type. Format: `docs/formats/backup.md`.

use super::table::Kind;
use crate::log::rows::Value;

/// Adds a row.
pub(super) fn write(row: &[Value], to: &mut Vec<u8>) {
    for value in row {
        match value {
            Value::Number(number) => {
                to.push(1);
                to.extend_from_slice(&number.to_be_bytes());
            }
            Value::Text(text) => sized(2, text.as_bytes(), to),
            Value::Bytes(bytes) => sized(3, bytes, to),
        }
    }
}

/// A length that has no four bytes makes a row that is far too large for a chunk, and is refused as such.
fn sized(tag: u8, bytes: &[u8], to: &mut Vec<u8>) {
    to.push(tag);
    to.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend_from_slice(bytes);
}

/// Takes a row with these columns from the front; `None` if there is none.
pub(super) fn read<'b>(columns: &[(&str, Kind)], mut bytes: &'b [u8]) -> Option<(Vec<Value>, &'b [u8])> {
    let mut row = Vec::with_capacity(columns.len());
    for (_, kind) in columns {
        let (value, rest) = value(*kind, bytes)?;
        row.push(value);
        bytes = rest;
    }
    Some((row, bytes))
}

fn value(kind: Kind, bytes: &[u8]) -> Option<(Value, &[u8])> {
    let ([tag], rest) = bytes.split_first_chunk()?;
    match (tag, kind) {
        (1, Kind::Number) => rest.split_first_chunk().map(|(number, rest)| (Value::Number(i64::from_be_bytes(*number)), rest)),
        (2, Kind::Text) => {
            let (text, rest) = take(rest)?;
            Some((Value::Text(std::str::from_utf8(text).ok()?.to_owned()), rest))
        }
        (3, Kind::Bytes) => take(rest).map(|(bytes, rest)| (Value::Bytes(bytes.to_vec()), rest)),
        _ => None,
    }
}

/// Takes a length and so many bytes.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[(&str, Kind)] = &[("a", Kind::Number), ("b", Kind::Text), ("c", Kind::Bytes)];

    #[test]
    fn a_row_comes_back_and_no_shorter_one_does() {
        let rows = [
            vec![Value::Number(i64::MIN), Value::Text(String::new()), Value::Bytes(Vec::new())],
            vec![Value::Number(7), Value::Text("规矩".to_owned()), Value::Bytes(vec![0, 255])],
        ];
        let mut bytes = Vec::new();
        rows.iter().for_each(|row| write(row, &mut bytes));
        let (first, rest) = read(COLUMNS, &bytes).unwrap();
        let (second, rest) = read(COLUMNS, rest).unwrap();
        assert_eq!(([first, second], rest), (rows.clone(), [].as_slice()));
        let mut one = Vec::new();
        write(&rows[1], &mut one);
        for end in 0..one.len() {
            assert_eq!(read(COLUMNS, &one[..end]), None, "{end}");
        }
        one[0] = 2;
        assert_eq!(read(COLUMNS, &one), None, "a value of another type");
    }

    #[test]
    fn the_row_of_the_format_page() {
        let mut bytes = Vec::new();
        write(&[Value::Number(7), Value::Text("规矩".to_owned()), Value::Bytes(vec![0, 255])], &mut bytes);
        let page = include_str!("../../../../docs/formats/backup.md");
        assert!(page.contains(&keys::digest::hex(&bytes)), "{}", keys::digest::hex(&bytes));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic() {
        for round in 0..2_000_usize {
            let mut bytes = crate::id::random::<64>().unwrap();
            // Tags that lead further than random ones do.
            bytes[0] = 1;
            bytes[9] = 2;
            bytes[10..13].fill(0);
            bytes[13] %= 16;
            if let Some((row, rest)) = read(COLUMNS, &bytes[..round % 65]) {
                let mut again = Vec::new();
                write(&row, &mut again);
                assert_eq!([again.as_slice(), rest].concat(), &bytes[..round % 65]);
            }
        }
    }
}
