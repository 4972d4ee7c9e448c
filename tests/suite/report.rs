//! `report`: what it writes where, that a page is complete in itself and safe, and how it behaves in a browser.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::browser::{self, Visit};

/// Runs `report` in a folder of its own for this test.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("plimsoll-report-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        Desk(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).expect("a file can be written");
        self.path(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the file was written")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.arg("report").args(arguments).current_dir(&self.0).stdin(Stdio::null()).env("NO_COLOR", "1");
        command.output().expect("the program starts")
    }

    /// What it says on standard output; it has to end well.
    fn answer(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("output is UTF-8")
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cli").join(name).display().to_string()
}

/// A cluster in which little is as it should be: `nodes` nodes in three zones, and a Deployment for every second of them.
fn cluster(nodes: usize) -> String {
    let node = |number: usize| {
        let allocatable = "{cpu: 4, memory: 8Gi, pods: 20}";
        let labels = format!("{{topology.kubernetes.io/zone: zone-{}}}", number % 3);
        format!(
            "{{apiVersion: v1, kind: Node, metadata: {{name: node-{number}, labels: {labels}}}, status: {{allocatable: {allocatable}}}}}\n---\n"
        )
    };
    let workload = |number: usize| {
        let cpu = 100 + 50 * (number % 40);
        let container = format!("{{name: c, resources: {{requests: {{cpu: {cpu}m, memory: {}Mi}}}}}}", 64 + number);
        let template = format!("{{metadata: {{labels: {{app: app-{number}}}}}, spec: {{containers: [{container}]}}}}");
        let spec = format!("{{replicas: {}, selector: {{matchLabels: {{app: app-{number}}}}}, template: {template}}}", 1 + number % 3);
        format!("{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: app-{number}, namespace: shop}}, spec: {spec}}}\n---\n")
    };
    (0..nodes).map(node).chain((0..nodes / 2).map(workload)).collect()
}

/// Names that would be markup if anybody let them, as a dump has them: what is in a cluster is not refused.
const HOSTILE: &str = r#"
{apiVersion: v1, kind: Node, metadata: {name: "n<img src=x onerror=hacked()>", uid: u1, resourceVersion: "1", labels: {topology.kubernetes.io/zone: "</script><script>hacked()</script>"}}, status: {allocatable: {cpu: 4, memory: 8Gi, pods: 20}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: "</script><script>hacked()</script>", uid: u2, resourceVersion: "1", namespace: "<b>'\"&amp;`", annotations: {note: hidden-annotation}}, spec: {containers: [{name: c, env: [{name: PASSWORD, value: hidden-value}], resources: {requests: {cpu: 8, "example.com/<svg onload=hacked()>": 1}}}]}}
---
{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hidden-secret}}
"#;

#[test]
fn the_ending_says_the_format() {
    let desk = Desk::new("ending");
    let input = fixture("loss.yaml");
    for name in ["page.html", "page.htm", "charts.svg", "charts.png", "data.json", "data.yaml", "pods.csv", "text.md", "text.txt"] {
        let output = desk.run(&[&input, "-o", name]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && output.stdout.is_empty(), "{name}: {said}");
        assert!(said.contains(&format!("written: {name}")), "{said}");
    }
    assert!(desk.read("page.html").starts_with("<!doctype html>") && desk.read("page.html") == desk.read("page.htm"));
    assert!(desk.read("charts.svg").starts_with("<svg "));
    assert!(desk.read("data.json").contains(r#""kind": "Report""#) && desk.read("data.yaml").contains("kind: Report"));
    assert!(desk.read("pods.csv").starts_with("namespace,pod,workload,node,zone,cpu_milli,memory_bytes,priority,verdict,reason\n"));
    assert!(desk.read("text.md").starts_with("# The cluster: "));
    let picture = std::fs::read(desk.path("charts.png")).expect("the file was written");
    assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
    assert!(u32::from_be_bytes(picture[16..20].try_into().expect("four bytes")) == 1920, "two pixels a unit");
    // words are formats, and go to standard output
    assert_eq!(desk.answer(&[&input, "-o", "html"]), desk.read("page.html"));
    assert_eq!(desk.answer(&[&input, "-o", "-"]), desk.read("page.html"));
    assert_eq!(desk.run(&[&input, "-o", "png"]).stdout, picture);
    assert!(desk.answer(&[&input]).is_empty() && desk.read("report.html") == desk.read("page.html"));
}

#[test]
fn charts_can_be_had_one_by_one() {
    let desk = Desk::new("charts");
    let input = fixture("loss.yaml");
    for (chart, title) in [("utilisation", "Node utilisation"), ("heat-map", "Nodes and resources"), ("failure-matrix", "Failure matrix")] {
        let svg = desk.answer(&[&input, "-o", "svg", "--chart", chart]);
        assert!(svg.contains(&format!("<title>{title}</title>")) && svg.contains("<desc>"), "{svg}");
        assert!(!svg.contains("var(--"), "a picture of its own needs no style sheet");
    }
    let sized = [&fixture("size.yaml"), "--catalogue", &fixture("types.csv"), "--zones", "a,b,c", "-o", "svg", "--chart", "cost-curve"];
    assert!(desk.answer(&sized).contains("<title>Cost by number of nodes</title>"));
    for (arguments, why) in [
        (vec!["-o", "svg", "--chart", "cost-curve"], "say what can be bought"),
        (vec!["-o", "html", "--chart", "utilisation"], "--chart goes with a picture"),
        (vec!["-o", "report.pdf"], "says no format"),
        (vec!["-o", "no/such/folder/report.html"], "there is no such folder"),
    ] {
        let output = desk.run(&[&[input.as_str()][..], &arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(why), "{arguments:?}: {said}");
    }
}

#[test]
fn a_page_is_complete_well_formed_and_always_the_same() {
    let desk = Desk::new("page");
    let sized = [&fixture("size.yaml"), "--catalogue", &fixture("types.csv"), "--zones", "a,b,c", "-o", "html"].map(str::to_owned);
    for arguments in [vec![fixture("loss.yaml"), "-o".to_owned(), "html".to_owned()], sized.to_vec()] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let page = desk.answer(&arguments);
        markup::check(&page);
        assert!(page.len() < 300_000, "{} bytes", page.len());
        assert_eq!(page, desk.answer(&arguments), "the same input gives the same bytes");
        // the one address in it names a language
        assert_eq!(page.matches("http").count(), page.matches("http://www.w3.org/2000/svg").count() + page.matches("http-equiv").count());
        ["url(", "@import", "srcset", "fetch(", "XMLHttpRequest"].iter().for_each(|word| assert!(!page.contains(word), "{word}"));
    }
}

#[test]
fn a_page_of_many_nodes_folds_what_is_alike_and_says_so() {
    let desk = Desk::new("many");
    let input = desk.write("many.yaml", &cluster(90));
    let page = desk.answer(&[&input, "-o", "html"]);
    markup::check(&page);
    assert!(page.contains("The 40 fullest nodes; 50 nodes not shown here, and in the table below."));
    assert!(page.contains("No column: "), "losses without trouble have no column");
    let heads = page.split("class=\"matrix").nth(1).and_then(|rest| rest.split("</thead>").next()).expect("there is a matrix");
    assert!(heads.matches("<th ").count() <= 24, "{heads}");
    assert!(page.contains(r#"id="placement-data""#) && page.contains(r#"id="nodes-data""#), "long tables are data");
    assert!(page.len() < 500_000, "{} bytes", page.len());
}

/// What `report` says of each loss and workload: verdicts by what is lost and whom it hits.
fn verdicts(desk: &Desk, input: &str) -> Vec<String> {
    let answer: serde_json::Value = serde_json::from_str(&desk.answer(&[input, "-o", "json"])).expect("it is JSON");
    let failures = &answer["failures"];
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let place = |value: &serde_json::Value| value.as_u64().expect("a place") as usize;
    let found = failures["failures"].as_array().expect("a list").iter().map(|failure| {
        let lost = text(&failures["losses"][place(&failure["loss"])]["lost"]);
        let workload = text(&failures["workloads"][place(&failure["workload"])]);
        format!("{lost}: {workload} {}", text(&failure["verdict"]))
    });
    found.collect()
}

#[test]
fn the_failure_matrix_tells_what_falls_from_what_stays() {
    let desk = Desk::new("verdicts");
    let node = |name: &str| {
        let ready = "conditions: [{type: Ready, status: 'True'}], allocatable: {cpu: 4, memory: 8Gi, pods: 20}";
        format!("{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, status: {{{ready}}}}}\n---\n")
    };
    let pod = |name: &str, node: &str, owner: &str, cpu: &str| {
        let meta = format!("{{name: {name}, namespace: shop, uid: {name}, labels: {{app: {name}}}{owner}}}");
        let spec = format!("{{nodeName: {node}, containers: [{{name: c, resources: {{requests: {{cpu: {cpu}}}}}}}]}}");
        format!("{{apiVersion: v1, kind: Pod, metadata: {meta}, spec: {spec}}}\n---\n")
    };
    let set = |name: &str, replicas: usize, cpu: &str| {
        let template = format!(
            "{{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: c, resources: {{requests: {{cpu: {cpu}}}}}}}]}}}}"
        );
        let spec = format!("{{replicas: {replicas}, selector: {{matchLabels: {{app: {name}}}}}, template: {template}}}");
        format!("{{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: {name}, namespace: shop, uid: {name}}}, spec: {spec}}}\n---\n")
    };
    let owner =
        |set: &str| format!(", ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: {set}, uid: {set}, controller: true}}]");
    let owned = |set: &str, number: usize, node: &str, cpu: &str| {
        pod(&format!("{set}-{number}"), node, &owner(set), cpu).replace(&format!("app: {set}-{number}"), &format!("app: {set}"))
    };
    let mut input = node("n1") + &node("n2");
    // two on two nodes survive; one alone comes back; one that is too large for what is left does not; a bare pod is gone
    input += &(set("pair", 2, "100m") + &owned("pair", 1, "n1", "100m") + &owned("pair", 2, "n2", "100m"));
    input += &(set("alone", 1, "100m") + &owned("alone", 1, "n1", "100m"));
    input += &(set("large", 1, "3") + &owned("large", 1, "n1", "3"));
    input += &(set("other", 1, "3") + &owned("other", 1, "n2", "3"));
    input += &pod("bare", "n2", "", "100m");
    let input = desk.write("cluster.yaml", &input);
    let expected = [
        "node n1: shop/alone (ReplicaSet) down",
        "node n1: shop/large (ReplicaSet) staysDown",
        "node n1: shop/pair (ReplicaSet) survives",
        "node n2: shop/other (ReplicaSet) staysDown",
        "node n2: shop/pair (ReplicaSet) survives",
        "node n2: shop/bare (Pod) gone",
    ];
    assert_eq!(verdicts(&desk, &input), expected);
    let text = desk.answer(&[&input, "-o", "markdown"]);
    assert!(text.contains("| shop/alone (ReplicaSet) | **down 2 min** |  |"), "{text}");
}

#[test]
fn names_are_text_and_secrets_stay_where_they_are() {
    let desk = Desk::new("hostile");
    let input = desk.write("hostile.yaml", HOSTILE);
    for format in ["html", "svg", "json", "markdown", "csv"] {
        let answer = desk.answer(&[&input, "-o", format]);
        assert!(!answer.contains("hidden-"), "{format} tells a secret");
    }
    let page = desk.answer(&[&input, "-o", "html"]);
    markup::check(&page);
    assert!(!page.contains("<script>hacked") && !page.contains("<img") && !page.contains("<svg onload"), "{page}");
    markup::check(&format!("<!doctype html>{}", desk.answer(&[&input, "-o", "svg"])));
}

/// What the page says after each thing that a reader does; `say` writes a line, `key` presses a key where the focus is.
const READER: &str = r##"
const rows = (id) => [...document.querySelectorAll(`#${id} tbody tr`)].map((row) => [...row.cells].map((cell) => cell.textContent));
const column = (id, index) => rows(id).map((row) => row[index]);
const isSorted = (list, compare) => list.every((each, place) => place === 0 || compare(list[place - 1], each) <= 0);
const header = (id, name) => [...document.querySelectorAll(`#${id} thead button`)].find((button) => button.textContent === name);
const status = (id) => document.querySelector(`#${id} [role=status]`).textContent;
const search = async (id, text) => {
  const input = document.querySelector(`#${id} input[type=search]`);
  input.focus();
  input.value = text;
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  await pause();
};

say("rows at first: " + rows("placement").length + ", " + status("placement"));
header("placement", "cpu").click();
const milli = (text) => (text.endsWith("m") ? Number(text.slice(0, -1)) : 1000 * Number(text));
say("by cpu: " + header("placement", "cpu").parentElement.getAttribute("aria-sort") + ", " + isSorted(column("placement", 5), (a, b) => milli(a) - milli(b)));
header("placement", "cpu").click();
say("again: " + header("placement", "cpu").parentElement.getAttribute("aria-sort") + ", " + isSorted(column("placement", 5), (a, b) => milli(b) - milli(a)));
header("placement", "node").click();
say("by node: " + document.querySelectorAll("#placement th[aria-sort]").length + " column, first " + column("placement", 3)[0]);
header("placement", "node").click();
header("placement", "node").click();
say("three times: " + document.querySelectorAll("#placement th[aria-sort]").length + " columns");

await search("placement", "app-7-");
say("searched: " + status("placement") + ", all of it: " + column("placement", 2).every((name) => name === "app-7 (Deployment)"));
await search("placement", "workload:app-7 -node:node-x");
say("in a column: " + status("placement"));
await search("placement", "nothing has this");
say("nothing: " + status("placement") + ", " + rows("placement")[0][0]);
await search("placement", "");
say("all again: " + status("placement"));
const next = [...document.querySelectorAll("#placement .pager button")].find((button) => button.textContent === "Next");
next.click();
say("next page: " + status("placement"));

const root = document.documentElement;
const paper = () => getComputedStyle(document.querySelector(".card")).backgroundColor;
const before = paper();
const theme = document.getElementById("theme");
theme.focus();
theme.click();
say("theme: " + root.dataset.theme + ", pressed " + theme.getAttribute("aria-pressed") + ", other paper " + (paper() !== before));
unreadable().forEach((text) => say("unreadable in the dark: " + text));
theme.click();
unreadable().forEach((text) => say("unreadable in the light: " + text));
say("back: " + root.dataset.theme + ", same paper " + (paper() === before));

const grid = document.querySelector("table.matrix");
const stops = grid.querySelectorAll("td[tabindex='0']");
say("stops of the tab key in the matrix: " + stops.length);
stops[0].focus();
const detail = document.querySelector("#failure-matrix .detail");
say("focus tells: " + detail.textContent.startsWith("is it survived?, "));
key("ArrowDown");
key("ArrowRight");
const moved = document.activeElement;
say("arrows move: " + (moved !== stops[0] && moved.closest("table") === grid) + ", told " + (detail.textContent === moved.getAttribute("aria-label")));

const named = (each) => (each.getAttribute("aria-label") ?? each.textContent).trim() || (each.labels?.[0]?.textContent ?? "").trim() || document.getElementById(each.getAttribute("aria-labelledby"))?.textContent.trim();
const stopsOf = [...document.querySelectorAll("a[href],button,input,[tabindex='0']")];
say("without a name: " + stopsOf.filter((each) => !named(each)).length);
const pictures = [...document.querySelectorAll(".picture svg")];
say("pictures: " + pictures.length + ", named " + pictures.filter((each) => each.getAttribute("role") === "img" && each.querySelector("title")?.textContent && each.querySelector("desc")?.textContent).length);
say("links to nowhere: " + [...document.querySelectorAll("nav a")].filter((link) => !document.getElementById(link.hash.slice(1))).length);
say("wider than the screen: " + (root.scrollWidth > root.clientWidth));
say("hacked: " + ("hacked" in window));
"##;

const HEARD: &str = "\
rows at first: 20, 1–20 of 90 rows
by cpu: ascending, true
again: descending, true
by node: 1 column, first node-0
three times: 0 columns
searched: 2 matching, of 90 rows, all of it: true
in a column: 2 matching, of 90 rows
nothing: 0 matching, of 90 rows, No row has all of these words.
all again: 1–20 of 90 rows
next page: 21–40 of 90 rows
theme: dark, pressed true, other paper true
back: light, same paper true
stops of the tab key in the matrix: 1
focus tells: true
arrows move: true, told true
without a name: 0
pictures: 4, named 4
links to nowhere: 0
wider than the screen: false
hacked: false
";

#[test]
fn a_reader_sorts_searches_and_turns_off_the_light() {
    let Some(browser) = browser::find() else { return };
    let desk = Desk::new("browser");
    let input = desk.write("cluster.yaml", &cluster(90));
    let page = desk.answer(&[&input, "-o", "html"]);
    for (width, height) in [(1280, 900), (500, 900)] {
        let visit = Visit { page: &page, script: READER, width, height };
        let heard = browser::visit(&browser, &desk.0, &visit);
        assert_eq!(heard.said, HEARD, "{width} wide");
        assert!(heard.complaints.is_empty(), "{width} wide: {:#?}", heard.complaints);
    }
}

#[test]
fn no_name_becomes_a_script_in_a_browser() {
    let Some(browser) = browser::find() else { return };
    let desk = Desk::new("hostile-browser");
    let input = desk.write("hostile.yaml", HOSTILE);
    let page = desk.answer(&[&input, "-o", "html"]);
    let script = r##"
say("hacked: " + ("hacked" in window));
say("pod: " + document.querySelector("#placement tbody td:nth-child(2)").textContent);
say("elements that no page has: " + document.querySelectorAll("b, img, svg svg, [onload], [onerror]").length);
"##;
    let visit = Visit { page: &page, script, width: 1000, height: 800 };
    let heard = browser::visit(&browser, &desk.0, &visit);
    assert_eq!(heard.said, "hacked: false\npod: </script><script>hacked()</script>\nelements that no page has: 0\n");
    assert!(heard.complaints.is_empty(), "{:#?}", heard.complaints);
}

/// A reader of HTML that is stricter than browsers: what is opened is closed, in order; ids are there once, and what refers to them finds
/// them.
mod markup {
    use super::BTreeSet;

    const VOID: [&str; 4] = ["meta", "link", "input", "br"];

    pub fn check(page: &str) {
        let mut rest = page.strip_prefix("<!doctype html>").expect("a page says what it is");
        let mut open: Vec<String> = Vec::new();
        let (mut ids, mut references) = (BTreeSet::new(), Vec::new());
        while let Some(start) = rest.find('<') {
            assert!(!rest[..start].contains('>'), "a loose bracket in {:?}", &rest[..start]);
            let end = start + rest[start..].find('>').expect("a tag is closed");
            let tag = &rest[start + 1..end];
            rest = &rest[end + 1..];
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name.trim()), "closed what was not open");
                continue;
            }
            let name = tag.split([' ', '\n']).next().expect("never empty").trim_end_matches('/').to_owned();
            for (key, value) in attributes(tag) {
                match key {
                    "id" => assert!(ids.insert(value.to_owned()), "{value} twice"),
                    "aria-labelledby" | "data-source" => references.push(value.to_owned()),
                    "href" if value.starts_with('#') => references.push(value[1..].to_owned()),
                    "href" | "src" => assert_eq!(value, "data:,", "a page fetches nothing"),
                    key => assert!(!key.starts_with("on"), "{key} runs what stands in an attribute"),
                }
            }
            if ["script", "style"].contains(&name.as_str()) {
                let close = format!("</{name}>");
                rest = &rest[rest.find(&close).expect("it ends") + close.len()..];
            } else if !VOID.contains(&name.as_str()) && !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "left open: {open:?}");
        let lost: Vec<&String> = references.iter().filter(|reference| !ids.contains(*reference)).collect();
        assert!(lost.is_empty(), "nothing has these ids: {lost:?}");
    }

    /// Names and values of a tag's attributes; every value is quoted.
    fn attributes(tag: &str) -> Vec<(&str, &str)> {
        let mut found = Vec::new();
        let mut rest = tag;
        while let Some(equals) = rest.find("=\"") {
            let key = rest[..equals].rsplit([' ', '\n']).next().expect("never empty");
            let value = &rest[equals + 2..];
            let end = value.find('"').expect("a value ends");
            found.push((key, &value[..end]));
            rest = &value[end + 1..];
        }
        found
    }
}
