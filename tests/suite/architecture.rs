//! The layout of the crate, checked by reading its source: what may import what, and what must stay absent.
//!
//! The law is `src/lib.rs`'s picture. Unit tests obey it too, but for the homes of crates: what does not ship may use any.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The rooms and their layers. Imports point to a lower layer, or stay in the room.
const LAYERS: &[(&str, u8)] = &[
    ("error", 0),
    ("manifest", 1),
    ("usage", 1),
    ("catalogue", 1),
    ("admission", 2),
    ("controllers", 2),
    ("verify", 2),
    ("cluster", 3),
    ("graph", 4),
    ("scheduler", 4),
    ("simulation", 5),
    ("conformance", 6),
    ("planning", 6),
    ("check", 7),
    ("report", 8),
    ("cli", 9),
];

/// Shelves: folders of alike files, each with a row in its `mod.rs`. Files that serve the shelf and are no row are named.
const SHELVES: &[(&str, &[&str])] = &[
    (
        "admission",
        &[
            "admitted",
            "api_server",
            "bulk",
            "default_storage_class",
            "eviction",
            "horizontal_pod_autoscaler",
            "pod_resources",
            "pod_topology_labels",
            "policies",
            "quality_of_service",
            "resource_quota",
            "validation",
        ],
    ),
    (
        "controllers",
        &[
            "adoption",
            "availability",
            "deletion_rank",
            "disruption_target",
            "ephemeral_volume",
            "horizontal_pod_autoscaler",
            "ledger",
            "names",
            "node_match",
            "ownership",
            "rollout_peak",
            "scale_down",
            "selector",
            "slow_start",
            "taint",
            "update",
            "world",
        ],
    ),
    ("scheduler/plugins", &[]),
    ("check/rules", &[]),
    ("report/formats", &["drawing", "snippet"]),
    ("cli/commands", &[]),
];

/// Crates with one home: where else may they be named?
const HOMES: &[(&str, &[&str])] = &[
    ("clap", &["cli"]),
    ("clap_complete", &["cli/commands/completions.rs"]),
    ("clap_mangen", &["cli/commands/man.rs"]),
    ("anyhow", &["cli"]),
    ("anstream", &["cli"]),
    ("indicatif", &["cli"]),
    ("anstyle", &["report/formats", "cli"]),
    ("comfy_table", &["report/formats"]),
    ("annotate_snippets", &["report/formats/snippet.rs"]),
    ("csv", &["report/formats", "usage/read", "catalogue/read"]),
    ("schemars", &["report/views", "check/settings.rs", "check/assertions"]),
    ("serde_saphyr", &["manifest/read", "manifest/snapshot", "usage/read", "catalogue/read", "check/read", "report/formats/yaml.rs"]),
    (
        "serde_json",
        &[
            "manifest",
            "usage/read",
            "catalogue/read",
            "check/read",
            "conformance",
            "simulation/requests.rs",
            "report/formats/json.rs",
            "report/formats/sarif.rs",
            "report/formats/html",
            "report/formats/tfvars.rs",
            "cli/commands/conformance.rs",
        ],
    ),
    ("petgraph", &["graph"]),
    ("good_lp", &["planning/packing"]),
    ("plotters", &["report/formats"]),
    ("png", &["report/formats"]),
    ("minijinja", &["report/formats"]),
    ("quick_xml", &["report/formats/junit.rs"]),
    // snapshots are written packed, too
    ("flate2", &["manifest/read", "catalogue/read", "conformance", "cli/file.rs"]),
    ("ruzstd", &["manifest/read"]),
    ("walkdir", &["manifest/read", "conformance"]),
    ("glob", &["manifest/read"]),
    // times of CronJobs, of a cluster's objects, and of what was measured
    ("jiff", &["controllers", "manifest/cron_schedule.rs", "usage/read"]),
    ("encoding_rs", &["manifest/read"]),
];

struct Source {
    /// Path below `src`, with slashes.
    path: String,
    /// Lines without comments.
    lines: Vec<String>,
}

impl Source {
    fn room(&self) -> &str {
        self.path.split('/').next().expect("paths are not empty").trim_end_matches(".rs")
    }

    /// The lines before the unit tests.
    fn shipped(&self) -> impl Iterator<Item = &String> {
        self.lines.iter().take_while(|line| line.trim() != "#[cfg(test)]")
    }

    fn is_below(&self, place: &str) -> bool {
        self.path == place || self.path == format!("{place}.rs") || self.path.starts_with(&format!("{place}/"))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    gather(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("source files are readable");
            let path = path.strip_prefix(&root).expect("found below it").to_str().expect("names are UTF-8").replace('\\', "/");
            Source { path, lines: text.lines().map(code).collect() }
        })
        .collect()
}

fn gather(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folders are readable") {
        let path = entry.expect("entries are readable").path();
        match path.is_dir() {
            true => gather(&path, paths),
            false if path.extension().is_some_and(|extension| extension == "rs") => paths.push(path),
            false => {}
        }
    }
}

/// A line without its comment.
fn code(line: &str) -> String {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") {
        return String::new();
    }
    line.split(" // ").next().unwrap_or_default().to_owned()
}

fn layer(room: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == room).map(|&(_, layer)| layer)
}

/// Words of a line: identifiers with `::` between them.
fn paths_in(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).filter(|word| !word.is_empty())
}

/// The rooms that a file imports: `crate::room` anywhere, also within braces that follow `crate::`.
fn imports(source: &Source) -> BTreeSet<String> {
    let text = source.lines.join("\n");
    let mut found = BTreeSet::new();
    for (start, _) in text.match_indices("crate::").chain(text.match_indices("plimsoll::")) {
        let rest = &text[start..];
        let rest = &rest[rest.find("::").expect("just matched") + 2..];
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(group_heads(group));
        } else {
            found.extend(rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().map(str::to_owned));
        }
    }
    found
}

/// The first segments of the items of a `{…}` group.
fn group_heads(group: &str) -> Vec<String> {
    let mut heads = vec![String::new()];
    let (mut depth, mut in_head) = (0, true);
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(String::new());
                in_head = true;
            }
            ':' if depth == 0 => in_head = false,
            _ if depth == 0 && in_head && !letter.is_whitespace() => heads.last_mut().expect("never empty").push(letter),
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

#[test]
fn every_room_has_a_layer() {
    let rooms: BTreeSet<String> = sources().iter().map(|source| source.room().to_owned()).collect();
    let strangers: Vec<_> = rooms.iter().filter(|room| layer(room).is_none() && !["lib", "main", "bin"].contains(&room.as_str())).collect();
    assert!(strangers.is_empty(), "give these rooms a layer in LAYERS, and a place in the picture of src/lib.rs: {strangers:?}");
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = layer(source.room()) else { continue };
        for import in imports(&source).iter().filter(|import| *import != source.room()) {
            // what else is read is measured in the amounts, and found at the places, of what is written
            let is_ground = own == 1 && import == "manifest";
            if layer(import).is_some_and(|below| below >= own) && !is_ground {
                wrong.push(format!("src/{}: {} (layer {own}) must not import {import}", source.path, source.room()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_referee_shares_no_code_with_what_it_judges() {
    for source in sources().iter().filter(|source| source.room() == "verify") {
        let imports = imports(source);
        let allowed = BTreeSet::from(["verify".to_owned(), "manifest".to_owned(), "error".to_owned()]);
        let rooms: Vec<_> = imports.iter().filter(|import| layer(import).is_some() && !allowed.contains(*import)).collect();
        assert!(rooms.is_empty(), "src/{} imports {rooms:?}", source.path);
    }
}

#[test]
fn what_was_written_knows_nothing_of_scheduling() {
    for source in sources().iter().filter(|source| source.room() == "manifest") {
        let imports: Vec<_> = imports(source).into_iter().filter(|import| layer(import).is_some_and(|layer| layer > 1)).collect();
        assert!(imports.is_empty(), "src/{} imports {imports:?}", source.path);
    }
}

#[test]
fn nothing_below_the_command_line_prints() {
    let mut wrong = Vec::new();
    for source in sources() {
        let macros = ["print!(", "println!(", "eprint!(", "eprintln!(", "dbg!("];
        let streams = ["stdout()", "stderr()", "stdout::", "stderr::"];
        let printer = source.room() == "cli";
        for (number, line) in source.lines.iter().enumerate() {
            // the macros panic when a pipe is closed, so not even cli has them
            if macros.iter().any(|word| line.contains(word)) || !printer && streams.iter().any(|word| line.contains(word)) {
                wrong.push(format!("src/{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "only cli prints, and through cli::output:\n{}", wrong.join("\n"));
}

#[test]
fn only_reading_opens_files() {
    let readers = ["manifest/read", "usage/read", "catalogue/read", "conformance", "check/read", "cli"];
    for source in sources().iter().filter(|source| !readers.iter().any(|place| source.is_below(place))) {
        for line in &source.lines {
            let opens = paths_in(line).any(|word| word.contains("std::fs") || word.starts_with("fs::") || word.starts_with("File::"));
            assert!(!opens, "src/{} opens a file: {}", source.path, line.trim());
        }
    }
}

#[test]
fn no_clock_decides_anything() {
    for source in sources().iter().filter(|source| !source.is_below("cli/progress") && !source.is_below("cli/time")) {
        for line in &source.lines {
            let asks = paths_in(line).any(|word| word.contains("SystemTime") || word.contains("Instant::now"));
            assert!(!asks, "src/{} asks the clock: {}", source.path, line.trim());
        }
    }
}

#[test]
fn heavy_crates_have_one_home() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, homes) in HOMES {
            let named = |line: &String| paths_in(line).any(|word| word.split("::").next() == Some(name) && word.contains("::"));
            if source.shipped().any(named) && !homes.iter().any(|home| source.is_below(home)) {
                wrong.push(format!("src/{} names {name}, whose home is {homes:?}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_of_a_shelf_has_a_row() {
    let sources = sources();
    for (shelf, servants) in SHELVES {
        let Some(index) = sources.iter().find(|source| source.path == format!("{shelf}/mod.rs")) else { continue };
        let text = index.lines.join("\n");
        for source in sources.iter().filter(|source| source.is_below(shelf) && source.path != index.path) {
            let name = source.path[shelf.len() + 1..].trim_end_matches(".rs").split('/').next().expect("never empty");
            let has_row = text.contains(&format!("{name}::")) || text.contains(&format!("=> {name},"));
            assert!(has_row || servants.contains(&name), "src/{} has no row in src/{shelf}/mod.rs", source.path);
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for source in sources() {
        let text = std::fs::read_to_string(root.join(&source.path)).expect("source files are readable");
        assert!(text.starts_with("//! "), "src/{} does not open with its purpose", source.path);
    }
}

#[test]
fn no_room_is_in_a_circle() {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        let rooms = imports(&source).into_iter().filter(|import| layer(import).is_some() && import != source.room());
        graph.entry(source.room().to_owned()).or_default().extend(rooms);
    }
    // rooms that import nothing which is left fall away; what stays is in a circle or above one
    while let Some(free) = graph.iter().find(|(_, below)| below.iter().all(|room| !graph.contains_key(room))).map(|(room, _)| room.clone())
    {
        graph.remove(&free);
    }
    assert!(graph.is_empty(), "these rooms import each other in a circle: {graph:?}");
}

#[test]
fn the_test_finds_what_it_looks_for() {
    let text = "use crate::{cluster::index::{NodeId, PodId}, manifest};\nlet x = crate::scheduler::run();";
    let source = Source { path: "verify/mod.rs".into(), lines: text.lines().map(code).collect() };
    let found: Vec<String> = imports(&source).into_iter().collect();
    assert_eq!(found, ["cluster", "manifest", "scheduler"]);
    assert_eq!(code("    /// crate::cluster"), "");
}
