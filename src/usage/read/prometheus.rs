//! What Prometheus' HTTP API answers to `query_range` (a matrix) and `query` (a vector), as it comes or as `promtool -o json` prints it.
//!
//! Series carry the labels `namespace`, `pod` and `container`. Whether it is cpu or memory is said by, in this order: the name of the
//! metric (`__name__`, which functions such as `rate` take away), a label `resource`, the caller (`--usage cpu=FILE`), or the key of an
//! object that holds both answers, `{"cpu": …, "memory": …}`. cpu is in cores, memory in bytes. A counter of cpu seconds (`…_total`) is
//! made rates of, as `rate` would between two samples.
//!
//! Source: prometheus.io/docs/prometheus/latest/querying/api; the labels are cadvisor's,
//! github.com/google/cadvisor/metrics/prometheus.go, as the kubelet of 1.36 has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::Reading;
use crate::manifest::Quantity;
use crate::manifest::quantity::Format;
use crate::manifest::read::Problem;
use crate::usage::gather::{Gathering, Owner};
use crate::usage::{Moment, Sample, Usage};

const WHICH: &str = "say `--usage cpu=FILE` or `--usage memory=FILE`, or put both answers into one object {\"cpu\": …, \"memory\": …}";
const LABELS: &str = "keep the labels: sum by (namespace, pod, container) (…)";

/// An answer, its data, or an object that holds two answers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    status: String,
    error: String,
    data: Option<Box<Answer>>,
    result: Option<Vec<Series>>,
    cpu: Option<Box<Answer>>,
    memory: Option<Box<Answer>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Series {
    metric: BTreeMap<String, String>,
    values: Vec<Point>,
    value: Option<Point>,
}

/// A time in seconds, and a value.
#[derive(Clone, Copy, Deserialize)]
struct Point(f64, Value);

/// A value; none if it is no number.
#[derive(Clone, Copy)]
struct Value(Option<Quantity>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        match text.as_ref() {
            "NaN" | "+Inf" | "-Inf" | "Inf" => Ok(Value(None)),
            number => number.parse().map(|amount| Value(Some(amount))).map_err(serde::de::Error::custom),
        }
    }
}

/// How a text begins, without blanks.
fn start(text: &str) -> String {
    const NEAR: usize = 2000;
    text.chars().take(NEAR).filter(|letter| !letter.is_whitespace()).collect()
}

/// Whether a text is such an answer.
pub(super) fn is_answer(text: &str) -> bool {
    let is_json = text.trim_start().starts_with(['{', '[']);
    let start = start(text);
    let is_list = start.starts_with("[{\"metric\":{") && !start.contains("\"describedObject\"");
    is_json && (is_list || start.contains("\"resultType\":") || start.starts_with("{\"status\":\"error\""))
}

/// Reads the answers: one, or several one after another.
pub(super) fn parse(reading: &Reading<'_>) -> Result<Usage, Problem> {
    let wrong = |error: serde_json::Error| reading.problem(error.line(), error.column(), error.to_string());
    let start = start(reading.text);
    if let Some(other) = ["scalar", "string"].into_iter().find(|other| start.contains(&format!("\"resultType\":\"{other}\""))) {
        let message = format!("a {other} says nothing of containers: a matrix or a vector is expected");
        return Err(reading.problem(1, 1, message).hint(LABELS));
    }
    let mut taken = Taken { reading, gathering: Gathering::default(), points: 0 };
    if reading.text.trim_start().starts_with('[') {
        let series: Vec<Series> = serde_json::from_str(reading.text).map_err(wrong)?;
        taken.take_series(&series, reading.resource)?;
    } else {
        for answer in serde_json::Deserializer::from_str(reading.text).into_iter::<Answer>() {
            taken.take(answer.map_err(wrong)?, reading.resource)?;
        }
    }
    match taken.points {
        0 => Err(reading.problem(1, 1, "Prometheus found nothing").hint("look at the query, and at the time that it asks for")),
        _ => Ok(taken.gathering.finish()),
    }
}

struct Taken<'a> {
    reading: &'a Reading<'a>,
    gathering: Gathering,
    points: usize,
}

impl Taken<'_> {
    fn take(&mut self, answer: Answer, resource: Option<&str>) -> Result<(), Problem> {
        if answer.status == "error" {
            return Err(self.reading.problem(1, 1, format!("Prometheus refused the query: {}", answer.error)));
        }
        for (part, name) in [(answer.data, resource), (answer.cpu, Some("cpu")), (answer.memory, Some("memory"))] {
            part.map_or(Ok(()), |part| self.take(*part, name))?;
        }
        self.take_series(&answer.result.unwrap_or_default(), resource)
    }

    fn take_series(&mut self, all: &[Series], given: Option<&str>) -> Result<(), Problem> {
        for series in all {
            let label = |name: &str| series.metric.get(name).map(String::as_str).unwrap_or_default();
            let wrong = |what: &str| self.reading.problem(1, 1, format!("the series {} {what}", braces(&series.metric)));
            let (name, pod) = (label("__name__"), label("pod"));
            if name.starts_with("kube_pod_") {
                return Err(wrong("says what pods ask for, not what they use").hint(super::FORMATS));
            }
            if pod.is_empty() {
                // a node's own cgroups have no pod either, and are nobody's containers
                if label("id").is_empty() {
                    return Err(wrong("has no label `pod`").hint(LABELS));
                }
                continue;
            }
            let resource =
                resource(name, label("resource"), given).ok_or_else(|| wrong("does not say whether it is cpu or memory").hint(WHICH))?;
            let points: Vec<Point> = series.values.iter().chain(&series.value).copied().collect();
            let samples =
                if name.ends_with("_total") { rates(&points) } else { points.iter().filter_map(|point| sample(*point)).collect() };
            if samples.is_empty() && name.ends_with("_total") && !points.is_empty() {
                return Err(wrong("is a counter at one moment, of which no rate can be told").hint("ask for rate(…[5m]), or for a range"));
            }
            self.points += samples.len();
            let owner = Owner { namespace: label("namespace"), pod, container: label("container"), labels: None };
            let format = if resource == "cpu" { Format::DecimalSi } else { Format::BinarySi };
            let samples = samples.into_iter().filter(|sample| !sample.amount.is_negative());
            self.gathering.extend(owner, resource, samples.map(|own| Sample { amount: own.amount.with_format(format), ..own }));
        }
        Ok(())
    }
}

/// What a series is about.
fn resource<'a>(name: &str, label: &'a str, given: Option<&'a str>) -> Option<&'a str> {
    let is_known = |name: &&str| matches!(*name, "cpu" | "memory");
    ["memory", "cpu"].into_iter().find(|resource| name.contains(resource)).or(Some(label).filter(is_known)).or(given)
}

fn sample(Point(seconds, Value(amount)): Point) -> Option<Sample> {
    Some(Sample { moment: Moment::At((seconds * 1000.0).round() as i64), amount: amount? })
}

/// What a counter of seconds grew by in each second between two samples; a counter that fell began anew from nothing.
fn rates(points: &[Point]) -> Vec<Sample> {
    let counts: Vec<Sample> = points.iter().filter_map(|point| sample(*point)).collect();
    let rate = |pair: &[Sample]| {
        let (Moment::At(start), Moment::At(end)) = (pair[0].moment, pair[1].moment) else { return None };
        let before = if pair[1].amount < pair[0].amount { Quantity::ZERO } else { pair[0].amount };
        let grown = pair[1].amount.saturating_sub(before).saturating_mul(1000);
        let milliseconds = i128::from(end.checked_sub(start)?);
        (milliseconds > 0).then(|| Sample { moment: pair[1].moment, amount: Quantity::from_nano(grown.nano() / milliseconds) })
    };
    counts.windows(2).filter_map(rate).collect()
}

/// Labels as Prometheus writes them.
fn braces(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::usage::read::{Content, parse, parse_of};
    use crate::usage::{Moment, Usage};

    fn read(text: &str, resource: Option<&str>) -> Usage {
        match parse_of("answer.json", text, resource) {
            Ok(Content::Usage(usage)) => usage,
            other => panic!("{other:?}"),
        }
    }

    fn wrong(text: &str) -> String {
        parse("answer.json", text).expect_err("it is wrong").to_string()
    }

    /// Samples of the first series, in milliseconds and thousandths.
    fn first(usage: &Usage, resource: &str) -> Vec<(Moment, i64)> {
        usage.series[0].of(resource).iter().map(|sample| (sample.moment, sample.amount.milli())).collect()
    }

    const RANGE: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"namespace":"shop","pod":"web-0","container":"c"},"values":[[1767225600,"0.25"],[1767225660.5,"1.5e-05"],[1767225720,"NaN"]]}]}}"#;

    #[test]
    fn a_range_is_samples_over_time() {
        let usage = read(RANGE, Some("cpu"));
        assert_eq!(first(&usage, "cpu"), [(Moment::At(1_767_225_600_000), 250), (Moment::At(1_767_225_660_500), 1)]);
        assert!(wrong(RANGE).contains("does not say whether it is cpu or memory"));
        assert!(wrong(RANGE).contains("pod=\"web-0\""));
    }

    #[test]
    fn cpu_is_told_from_memory_by_name_by_label_and_by_key() {
        let named = r#"{"data":{"resultType":"vector","result":[
            {"metric":{"__name__":"container_memory_working_set_bytes","namespace":"shop","pod":"web-0","container":"c"},"value":[1767225600,"1048576"]},
            {"metric":{"resource":"cpu","namespace":"shop","pod":"web-0","container":"c"},"value":[1767225600,"0.5"]}]}}"#;
        let usage = read(named, None);
        assert_eq!(usage.pods[0].total("memory", "c").map(|amount| amount.to_string()), Some("1Mi".to_owned()));
        assert_eq!(usage.pods[0].total("cpu", "c").map(|amount| amount.to_string()), Some("500m".to_owned()));
        let both = format!(r#"{{"cpu":{RANGE},"memory":{}}}"#, RANGE.replace("0.25", "3e+06"));
        let usage = read(&both, None);
        assert_eq!((first(&usage, "cpu").len(), usage.series[0].of("memory")[0].amount.units()), (2, 3_000_000));
    }

    #[test]
    fn a_counter_is_made_rates_of_and_may_begin_anew() {
        let text = r#"[{"metric":{"__name__":"container_cpu_usage_seconds_total","namespace":"shop","pod":"web-0","container":"c"},
            "values":[[100,"10"],[160,"40"],[220,"6"]]}]"#;
        assert_eq!(first(&read(text, None), "cpu"), [(Moment::At(160_000), 500), (Moment::At(220_000), 100)]);
        assert!(wrong(&text.replace(r#",[160,"40"],[220,"6"]"#, "")).contains("a counter at one moment"));
    }

    #[test]
    fn a_pod_is_not_counted_twice() {
        let series = |container: &str, amount: &str| {
            format!(r#"{{"metric":{{"namespace":"shop","pod":"web-0","container":"{container}"}},"value":[100,"{amount}"]}}"#)
        };
        let list = |parts: &[String]| format!("[{}]", parts.join(","));
        let usage = read(&list(&[series("c", "1"), series("", "2"), series("POD", "0.1")]), Some("cpu"));
        assert_eq!(usage.pods[0].total("cpu", "").map(|cpu| cpu.milli()), Some(1000));
        // two cgroups of one container, old and new
        let usage = read(&list(&[series("c", "1"), series("c", "3")]), Some("cpu"));
        assert_eq!(first(&usage, "cpu"), [(Moment::At(100_000), 3000)]);
    }

    #[test]
    fn what_prometheus_refuses_is_said() {
        assert!(wrong(r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#).contains("refused the query: parse error"));
        assert!(wrong(r#"{"data":{"resultType":"matrix","result":[]}}"#).contains("found nothing"));
        assert!(wrong(r#"{"data":{"resultType":"scalar","result":[100,"1"]}}"#).contains("a scalar says nothing of containers"));
        assert!(
            wrong(r#"{"data":{"resultType":"vector","result":[{"metric":{"app":"web"},"value":[1,"2"]}]}}"#).contains("no label `pod`")
        );
        assert!(
            wrong(r#"{"data":{"resultType":"vector","result":[{"metric":{"pod":"web"},"value":[1,"x"]}]}}"#).starts_with("answer.json:1:")
        );
    }
}
