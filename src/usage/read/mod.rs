//! Reads what was measured, or replicas that were chosen: from a file, told apart by what is in it.
//!
//! The formats: `kubectl top pods` (with `-A` and `--containers` or without), `metrics.k8s.io`, `custom.metrics.k8s.io` and
//! `external.metrics.k8s.io` as JSON or YAML (one list or several documents), Prometheus' answers to `query_range` and `query`, CSV with
//! the columns namespace, pod, container, timestamp, cpu and memory in any order, and a mapping `namespace/kind/name: replicas` as YAML or
//! JSON. All of them may hold more than one snapshot.
//!
//! Promise: bad input never panics, and what is wrong is said with file, line and column.

mod api;
mod prometheus;
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
    read_of(path, None)
}

/// As [`read`], of a file that holds nothing but `cpu` or `memory`, where it does not say so itself.
pub fn read_of(path: &Path, resource: Option<&str>) -> Result<Content, Problem> {
    let name = if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
    let mut bytes = Vec::new();
    let outcome = match name.as_str() {
        "<stdin>" => std::io::stdin().lock().read_to_end(&mut bytes).map(drop),
        _ => std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map(drop),
    };
    let place = Location::new(&name.as_str().into(), Position::default());
    outcome.map_err(|error| Problem::new(Severity::Error, place.clone(), format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Problem::new(Severity::Error, place, "not UTF-8").hint("save it as UTF-8"))?;
    parse_of(&name, &text, resource)
}

/// Reads a text, under a name to be shown in problems.
pub fn parse(name: &str, text: &str) -> Result<Content, Problem> {
    parse_of(name, text, None)
}

/// As [`parse`], of a text that holds nothing but `cpu` or `memory`, where it does not say so itself.
pub fn parse_of(name: &str, text: &str, resource: Option<&str>) -> Result<Content, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reading = Reading { file: name.into(), text, resource };
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    match first {
        "" => Err(reading.problem(1, 1, "empty").hint(FORMATS)),
        line if top::is_header(line) => top::parse(&reading).map(Content::Usage),
        line if table::is_header(line) => table::parse(&reading).map(Content::Usage),
        line if top::is_row(line) => top::parse(&reading).map(Content::Usage),
        _ if prometheus::is_answer(text) => prometheus::parse(&reading).map(Content::Usage),
        _ => api::parse(&reading),
    }
}

const FORMATS: &str = "pass the output of `kubectl top pods -A --containers`, of `kubectl get --raw /apis/metrics.k8s.io/v1beta1/pods`, \
of Prometheus' query_range, CSV with a line `namespace,pod,container,cpu,memory`, or YAML with lines such as `shop/Deployment/web: 3`";

/// A text that is being read.
struct Reading<'a> {
    file: Arc<str>,
    text: &'a str,
    /// What was measured, where the text does not say so itself.
    resource: Option<&'a str>,
}

/// A time as milliseconds since 1970: RFC 3339, or a number of seconds, or of milliseconds if seconds would be past the year 5000.
fn milliseconds(text: &str) -> Option<i64> {
    const FAR: f64 = 1e11;
    if let Ok(number) = text.parse::<f64>() {
        let milliseconds = if number.abs() < FAR { number * 1000.0 } else { number };
        return (milliseconds.abs() < 1e17).then_some(milliseconds.round() as i64);
    }
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
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
    use crate::usage::Moment;

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

    /// cpu of a container as it was read: moments and thousandths of a core.
    fn cpu(usage: &Usage, pod: &str, container: &str) -> Vec<(Moment, i64)> {
        let series = usage.series.iter().find(|series| series.pod == pod && series.container == container).expect("it was measured");
        series.of("cpu").iter().map(|sample| (sample.moment, sample.amount.milli())).collect()
    }

    #[test]
    fn snapshots_are_samples_and_the_last_is_what_is() {
        let head = "NAMESPACE  POD  NAME  CPU(cores)  MEMORY(bytes)\n";
        let text = format!("{head}shop web-0 c 12m 34Mi\nshop web-1 c 10m 30Mi\n{head}shop web-0 c 40m 31Mi\n");
        let read = usage(&text);
        assert_eq!(cpu(&read, "web-0", "c"), [(Moment::Snapshot(0), 12), (Moment::Snapshot(1), 40)]);
        assert_eq!(read.pods.iter().map(|pod| pod.name.as_str()).collect::<Vec<_>>(), ["web-0"], "web-1 is gone");
        assert_eq!(read.pods[0].total("cpu", "").map(|cpu| cpu.milli()), Some(40), "not the sum of what was used at different times");
        // without headers a row that was there already begins the next
        let read = usage("shop web-0 c 12m 34Mi\nshop web-0 c 40m 31Mi\nshop web-0 c 20m 31Mi\n");
        assert_eq!(cpu(&read, "web-0", "c").len(), 3);
    }

    #[test]
    fn a_table_may_have_times() {
        let read = usage("timestamp,pod,container,cpu\n2026-01-01T00:01:00Z,web-0,c,300m\n1767225600,web-0,c,100m\n");
        assert_eq!(cpu(&read, "web-0", "c"), [(Moment::At(1_767_225_600_000), 100), (Moment::At(1_767_225_660_000), 300)]);
        assert_eq!(read.pods[0].total("cpu", "c").map(|cpu| cpu.milli()), Some(300));
        assert!(wrong("time,pod,cpu\nnoon,web-0,1\n").starts_with("usage:2:1: error: \"noon\" is no time"));
    }

    #[test]
    fn files_join_in_their_order() {
        let mut all = usage("shop web-0 c 12m 34Mi\n");
        all.join(usage("shop web-0 c 20m 30Mi\nshop web-1 c 5m 30Mi\n"));
        assert_eq!(cpu(&all, "web-0", "c"), [(Moment::Snapshot(0), 12), (Moment::Snapshot(1), 20)]);
        assert_eq!(all.pods.len(), 2);
        assert_eq!(all.pods[0].total("cpu", "c").map(|cpu| cpu.milli()), Some(20));
    }

    #[test]
    fn lists_of_the_metrics_api_are_snapshots_with_times() {
        let list = |time: &str, cpu: &str| {
            format!(
                r#"{{"kind":"PodMetricsList","items":[{{"metadata":{{"name":"web-0","namespace":"shop"}},"timestamp":"{time}",
                "containers":[{{"name":"c","usage":{{"cpu":"{cpu}"}}}}]}}]}}"#
            )
        };
        let read = usage(&[list("2026-01-01T00:00:00Z", "100m"), list("2026-01-01T00:01:00Z", "50m")].concat());
        assert_eq!(cpu(&read, "web-0", "c"), [(Moment::At(1_767_225_600_000), 100), (Moment::At(1_767_225_660_000), 50)]);
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
