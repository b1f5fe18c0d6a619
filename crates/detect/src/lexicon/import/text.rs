//! Plain lists: one keyword a line, or several with a separator, or a table that is only called a text.

use super::collect::{Collector, trim};
use super::columns::Columns;
use super::{ImportError, Reason, delimited};

/// Lines that are looked at to find the separator.
const LOOK: usize = 200;
/// What may part the keywords of a line.
const SEPARATORS: [char; 8] = ['\t', ',', '|', ';', '、', '，', '；', '｜'];
/// Of these, what may part columns.
const COLUMNS: [char; 4] = ['\t', ',', '|', ';'];

/// How a text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Lines,
    List(char),
    Table(char),
}

/// Reads a list. A separator that the user names parts keywords; `\n` parts lines only.
pub(super) fn read(text: &str, separator: Option<char>, into: &mut Collector) -> Result<(), ImportError> {
    let layout = match separator {
        Some('\n') => Layout::Lines,
        Some(separator) => Layout::List(separator),
        None => layout(text),
    };
    match layout {
        Layout::Table(separator) => delimited::read(text, separator, into),
        Layout::List(separator) => {
            into.report.separator = Some(separator);
            lines(text, into, separator)
        }
        Layout::Lines => lines(text, into, '\n'),
    }
}

fn lines(text: &str, into: &mut Collector, separator: char) -> Result<(), ImportError> {
    for (number, line) in (1_u64..).zip(text.lines()) {
        if trim(line).is_empty() {
            into.report.blank += 1;
            continue;
        }
        let place = format!("{}:{number}", into.name);
        if line.starts_with("# ") || line.starts_with("//") {
            into.refuse(&place, Reason::Comment, line)?;
        } else {
            // Nothing between two separators, or after the last one, is no keyword that somebody lost.
            for word in line.split(separator).filter(|word| !trim(word).is_empty()) {
                into.row(&place, word, std::iter::empty())?;
            }
        }
    }
    Ok(())
}

/// A separator counts if half of the lines hold it: fewer are keywords with punctuation inside.
fn layout(text: &str) -> Layout {
    let sample: Vec<&str> = text.lines().filter(|line| !trim(line).is_empty() && !line.starts_with("# ")).take(LOOK).collect();
    let holds = |separator: char| sample.iter().filter(|line| line.contains(separator)).count();
    let heading = |separator: char| {
        let cells = sample.first().and_then(|line| delimited::cells(line, separator));
        cells.filter(|cells| cells.len() > 1).and_then(|cells| Columns::of_heading(&cells)).is_some_and(|columns| columns.has_category())
    };
    if let Some(separator) = COLUMNS.into_iter().find(|&c| heading(c)) {
        return Layout::Table(separator);
    }
    // The first of the greatest.
    let Some(separator) = SEPARATORS.into_iter().rev().max_by_key(|&c| holds(c)).filter(|&c| holds(c) > 0 && holds(c) * 2 >= sample.len())
    else {
        return Layout::Lines;
    };
    if COLUMNS.contains(&separator) && is_table(&sample, separator) { Layout::Table(separator) } else { Layout::List(separator) }
}

/// Lines with the same number of cells, two at least, of which one column holds classes: `word,class` and not `word,word`.
fn is_table(sample: &[&str], separator: char) -> bool {
    let rows: Vec<Vec<String>> = sample.iter().filter_map(|line| delimited::cells(line, separator)).collect();
    let width = rows.first().map_or(0, Vec::len);
    let even = width > 1 && rows.len() > 1 && rows.iter().all(|row| row.len() == width);
    even && Columns::of_rows(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>()).has_category()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_told_apart() {
        for (text, expected) in [
            ("赌博\n色情\n", Layout::Lines),
            ("赌博,\n色情,\n毒品,\n", Layout::List(',')),
            ("杀人、放火、抢劫", Layout::List('、')),
            ("a|b|c\nd|e|f", Layout::List('|')),
            ("网上赌场,涉赌\n裸聊,涉黄\n冰毒,毒品", Layout::Table(',')),
            ("关键词\t分类\n词\t类", Layout::Table('\t')),
            ("一个词\n另一个\n第三个，带逗号\n", Layout::Lines),
            ("", Layout::Lines),
        ] {
            assert_eq!(layout(text), expected, "{text}");
        }
    }
}
