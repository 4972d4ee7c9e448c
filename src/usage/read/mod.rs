//! Reads what was measured, or replicas that were chosen: from a file, told apart by what is in it.
//!
//! The formats: `kubectl top pods` (with `-A` and `--containers` or without), `metrics.k8s.io`, `custom.metrics.k8s.io` and
//! `external.metrics.k8s.io` as JSON or YAML (one list or several documents), CSV with the columns namespace, pod, container, cpu and memory
//! in any order, and a mapping `namespace/kind/name: replicas` as YAML or JSON.
//!
//! Promise: bad input never panics, and what is wrong is said with file, line and column.

mod api;
mod table;
mod top;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::Usage;
use crate::manifest::location::{Location, Position};
use crate::manifest::read::{Problem, Severity};

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// What was measured.
    Usage(Usage),
    /// Replicas by `namespace/kind/name`, in the order written.
    Replicas(Vec<(String, i32)>),
}

/// Reads a file; `-` is standard input.
pub fn read(path: &Path) -> Result<Content, Problem> {
    let name = if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
    let mut bytes = Vec::new();
    let outcome = match name.as_str() {
        "<stdin>" => std::io::stdin().lock().read_to_end(&mut bytes).map(drop),
        _ => std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map(drop),
    };
    let place = Location::new(&name.as_str().into(), Position::default());
    outcome.map_err(|error| Problem::new(Severity::Error, place.clone(), format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Problem::new(Severity::Error, place, "not UTF-8").hint("save it as UTF-8"))?;
    parse(&name, &text)
}

/// Reads a text, under a name to be shown in problems.
pub fn parse(name: &str, text: &str) -> Result<Content, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reading = Reading { file: name.into(), text };
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    match first {
        "" => Err(reading.problem(1, 1, "empty").hint(FORMATS)),
        line if top::is_header(line) => top::parse(&reading).map(Content::Usage),
        line if table::is_header(line) => table::parse(&reading).map(Content::Usage),
        line if top::is_row(line) => top::parse(&reading).map(Content::Usage),
        _ => api::parse(&reading),
    }
}

const FORMATS: &str = "pass the output of `kubectl top pods -A --containers`, of `kubectl get --raw /apis/metrics.k8s.io/v1beta1/pods`, \
CSV with a line `namespace,pod,container,cpu,memory`, or YAML with lines such as `shop/Deployment/web: 3`";

/// A text that is being read.
struct Reading<'a> {
    file: Arc<str>,
    text: &'a str,
}

impl Reading<'_> {
    fn problem(&self, line: usize, column: usize, message: impl Into<String>) -> Problem {
        let position = Position { line: line as u32, column: column as u32 };
        Problem::new(Severity::Error, Location::new(&self.file, position), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str) -> Usage {
        match parse("usage", text) {
            Ok(Content::Usage(usage)) => usage,
            other => panic!("{other:?}"),
        }
    }

    fn wrong(text: &str) -> String {
        parse("usage", text).expect_err("it is wrong").to_string()
    }

    #[test]
    fn kubectl_top_is_read_with_every_combination_of_columns() {
        let all = usage("NAMESPACE  POD     NAME  CPU(cores)  MEMORY(bytes)\nshop  web-0  c  12m  34Mi\nshop  web-0  side  1m  2Mi\n");
        assert_eq!((all.pods.len(), all.pods[0].containers.len()), (1, 2));
        assert_eq!(all.pods[0].total("cpu", "").map(|cpu| cpu.milli()), Some(13));
        assert_eq!(all.pods[0].total("cpu", "side").map(|cpu| cpu.milli()), Some(1));
        assert_eq!(usage("NAME  CPU(cores)  MEMORY(bytes)\nweb-0  12m  34Mi\n").pods[0].namespace, "");
        assert_eq!(usage("NAMESPACE  NAME  CPU(cores)  MEMORY(bytes)\nshop  web-0  12m  34Mi\n").pods[0].namespace, "shop");
        assert_eq!(usage("POD  NAME  CPU(cores)  MEMORY(bytes)\nweb-0  c  12m  34Mi\n").pods[0].containers[0].name, "c");
        assert_eq!(usage("shop  web-0  c  12m  34Mi\n").pods[0].containers[0].name, "c");
    }

    #[test]
    fn a_table_may_have_its_columns_in_any_order() {
        let read = usage("pod,namespace,memory,cpu,container\nweb-0,shop,1Gi,250m,c\n");
        assert_eq!(read.pods[0].total("memory", "c").map(|memory| memory.units()), Some(1 << 30));
    }

    #[test]
    fn the_metrics_apis_are_read() {
        let read = usage(
            r#"{"kind":"PodMetricsList","items":[{"metadata":{"name":"web-0","namespace":"shop","labels":{"app":"web"}},
            "containers":[{"name":"c","usage":{"cpu":"1234567n","memory":"4Ki"}}]}]}"#,
        );
        assert_eq!(read.pods[0].total("cpu", "").map(|cpu| cpu.nano()), Some(1_234_567));
        let read = usage(
            "kind: MetricValueList\nitems:\n- describedObject: {kind: Service, namespace: shop, name: ing}\n  metric: {name: rps}\n  value: 1500m\n---\nkind: ExternalMetricValueList\nitems:\n- {metricName: queue, metricLabels: {q: a}, value: '7'}\n",
        );
        assert_eq!((read.custom[0].metric.as_str(), read.custom[0].value.milli()), ("rps", 1500));
        assert_eq!((read.external[0].metric.as_str(), read.external[0].value.units()), ("queue", 7));
    }

    #[test]
    fn chosen_replicas_are_told_from_measurements() {
        let chosen = parse("replicas.yaml", "shop/Deployment/web: 3\nshop/StatefulSet/db: 1\n");
        let expected = vec![("shop/Deployment/web".to_owned(), 3), ("shop/StatefulSet/db".to_owned(), 1)];
        assert_eq!(chosen, Ok(Content::Replicas(expected)));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert!(wrong("NAME  CPU(cores)  MEMORY(bytes)\nweb-0  12q  34Mi\n").starts_with("usage:2:8: error: "));
        assert!(wrong("NAME  CPU(cores)  MEMORY(bytes)\nweb-0  12m\n").starts_with("usage:2:1: error: "));
        assert!(wrong("pod,cpu\nweb-0,1\nweb-1,x\n").starts_with("usage:3:7: error: "));
        assert!(
            wrong("{\"kind\":\"PodMetricsList\",\n\"items\":[{\"containers\":[{\"usage\":{\"cpu\":\"x\"}}]}]}").starts_with("usage:2:")
        );
        assert!(wrong("shop/web: 3\n").contains("namespace/kind/name"));
        assert!(wrong("").contains("empty"));
        assert!(wrong("kind: Pod\n").contains("kind Pod"));
    }
}
