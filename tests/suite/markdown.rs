//! `-o markdown` of every command: its tables are GitHub's, and nothing in them is lost or becomes markup.

use std::path::Path;
use std::process::{Command, Stdio};

/// A question to each command that there is.
const QUESTIONS: &[&str] = &[
    "plan --no-purchase",
    "plan fixtures/cli/full.yaml --survive none",
    "plan --no-purchase fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml --graph",
    "schedule fixtures/cli/pending.yaml",
    "schedule --samples 20 fixtures/cli/chance.yaml",
    "explain shop/db-1 fixtures/cli/pending.yaml",
    "fit --cpu 500m --memory 1Gi fixtures/data-platform/target",
    "fit --hpa fixtures/data-platform/target",
    "drain fixtures/cli/drain.yaml",
    "lose fixtures/cli/loss.yaml --max-failover 5m",
    "conformance fixtures/conformance/control-plane",
];

fn says(question: &str, format: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(question.split_whitespace()).args(["-o", format]).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    let output = command.env("NO_COLOR", "1").stdin(Stdio::null()).output().expect("the program starts");
    assert!(output.status.code().is_some_and(|code| code < 2), "{question}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}

/// The cells of a row: what stands between bars that are not escaped.
fn cells(row: &str) -> Vec<String> {
    let inner = row.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")).unwrap_or_else(|| panic!("no row: {row}"));
    let (mut cells, mut escaped) = (vec![String::new()], false);
    for letter in inner.chars() {
        match letter {
            '|' if !escaped => cells.push(String::new()),
            letter => cells.last_mut().expect("never empty").push(letter),
        }
        escaped = letter == '\\' && !escaped;
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// What a cell says to its reader.
fn read(cell: &str) -> String {
    let bold = cell.strip_prefix("**").and_then(|cell| cell.strip_suffix("**")).unwrap_or(cell);
    let (mut text, mut escaped) = (String::new(), false);
    for letter in bold.chars() {
        if letter == '\\' && !escaped {
            escaped = true;
        } else {
            text.push(letter);
            escaped = false;
        }
    }
    text
}

/// The tables of a text: their rows, header first.
fn tables(text: &str) -> Vec<Vec<Vec<String>>> {
    let lines: Vec<&str> = text.lines().collect();
    let blocks = lines.split(|line| !line.starts_with('|'));
    blocks.filter(|block| !block.is_empty()).map(|block| block.iter().map(|row| cells(row)).collect()).collect()
}

#[test]
fn every_row_has_as_many_cells_as_its_header() {
    for question in QUESTIONS {
        let text = says(question, "markdown");
        let tables = tables(&text);
        assert!(!tables.is_empty(), "{question} has no table");
        for table in &tables {
            let rule = &table[1];
            assert!(rule.iter().all(|cell| cell == "---" || cell == "---:"), "{question}: {rule:?} is no rule under a header");
            let uneven = table.iter().find(|row| row.len() != table[0].len());
            assert_eq!(uneven, None, "{question}: under {:?}", table[0]);
        }
    }
}

#[test]
fn a_cell_says_what_the_wide_table_says() {
    for question in QUESTIONS {
        let wide = says(question, "wide");
        for row in tables(&says(question, "markdown")).iter().flat_map(|table| &table[2..]) {
            let lost = row.iter().map(|cell| read(cell)).find(|cell| !wide.contains(cell));
            assert_eq!(lost, None, "{question}");
        }
    }
}

#[test]
fn what_is_folded_is_unfolded_again_and_headings_stand_alone() {
    for question in QUESTIONS {
        let text = says(question, "markdown");
        let number = |what: &str| text.lines().filter(|line| line.starts_with(what)).count();
        assert_eq!(number("<details>"), number("</details>"), "{question}");
        assert!(text.starts_with("# "), "{question}");
        let lines: Vec<&str> = text.lines().collect();
        for (above, below) in lines.iter().zip(&lines[1..]).filter(|(_, line)| line.starts_with('#')) {
            assert_eq!(*above, "", "{question}: {below}");
        }
    }
}
