//! The metrics as OTLP writes them in JSON (opentelemetry-proto 1, `metrics/v1/metrics.proto`), made from the very text that `/metrics` shows, so that both say the same.
//! It reads what this program writes (OpenMetrics 1.0, counters, gauges and histograms), not any exposition.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::spans::{scope, text};

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`: sums since the start.
const CUMULATIVE: u8 = 2;

/// A body for `/v1/metrics`. Times in ns since 1970.
pub(super) fn request(resource: &Value, exposition: &str, start_ns: u64, now_ns: u64) -> Value {
    let metrics: Vec<Value> = families(exposition).iter().filter_map(|family| family.metric(start_ns, now_ns)).collect();
    json!({"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"scope": scope(), "metrics": metrics}]}]})
}

/// Names and values.
type Labels<'a> = Vec<(&'a str, &'a str)>;

/// A family: its lines under one `# TYPE`.
struct Family<'a> {
    name: &'a str,
    help: &'a str,
    kind: &'a str,
    samples: Vec<Sample<'a>>,
}

/// One line.
struct Sample<'a> {
    /// What follows the family's name: `_total`, `_bucket`, `_sum`, `_count` or nothing.
    suffix: &'a str,
    labels: Labels<'a>,
    value: f64,
}

fn families(exposition: &str) -> Vec<Family<'_>> {
    let mut found: Vec<Family<'_>> = Vec::new();
    let mut help = "";
    for line in exposition.lines() {
        if let Some(said) = line.strip_prefix("# HELP ") {
            help = said.split_once(' ').map_or("", |(_, help)| help);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|said| said.split_once(' ')) {
            found.push(Family { name, help, kind, samples: Vec::new() });
        } else if let Some(family) = found.last_mut().filter(|_| !line.starts_with('#')) {
            family.samples.extend(sample(family.name, line));
        }
    }
    found
}

fn sample<'a>(family: &str, line: &'a str) -> Option<Sample<'a>> {
    let (name, value) = line.rsplit_once(' ')?;
    let (name, labels) = match name.split_once('{') {
        Some((name, labels)) => (name, read_labels(labels.strip_suffix('}')?)),
        None => (name, Vec::new()),
    };
    Some(Sample { suffix: name.strip_prefix(family)?, labels, value: value.parse().ok()? })
}

/// `a="b",c="d"`. No value has a quote: this program's words have none, and the set-up refuses a name with one.
fn read_labels(text: &str) -> Labels<'_> {
    text.split("\",").filter_map(|pair| pair.trim_end_matches('"').split_once("=\"")).collect()
}

impl Family<'_> {
    fn metric(&self, start_ns: u64, now_ns: u64) -> Option<Value> {
        let (start, now) = (start_ns.to_string(), now_ns.to_string());
        let number = |sample: &Sample<'_>, since: bool| {
            let mut point = json!({"timeUnixNano": now, "asDouble": sample.value, "attributes": attributes(&sample.labels)});
            if let Some(point) = point.as_object_mut().filter(|_| since) {
                point.insert("startTimeUnixNano".to_owned(), json!(start));
            }
            point
        };
        let of =
            |suffix: &'static str, since| self.samples.iter().filter(move |one| one.suffix == suffix).map(move |one| number(one, since));
        let (field, data) = match self.kind {
            "counter" => {
                let points: Vec<Value> = of("_total", true).collect();
                ("sum", json!({"aggregationTemporality": CUMULATIVE, "isMonotonic": true, "dataPoints": points}))
            }
            "gauge" => ("gauge", json!({"dataPoints": of("", false).collect::<Vec<Value>>()})),
            "histogram" => ("histogram", json!({"aggregationTemporality": CUMULATIVE, "dataPoints": self.histograms(&start, &now)})),
            _ => return None,
        };
        Some(json!({"name": self.name, "description": self.help, field: data}))
    }

    /// The lines of a histogram put together by their labels.
    fn histograms(&self, start: &str, now: &str) -> Vec<Value> {
        let mut points: BTreeMap<Labels<'_>, Buckets> = BTreeMap::new();
        for sample in &self.samples {
            let labels = sample.labels.iter().filter(|(name, _)| *name != "le").cloned().collect();
            let buckets = points.entry(labels).or_default();
            match sample.suffix {
                "_bucket" => {
                    let bound = sample.labels.iter().find(|(name, _)| *name == "le").and_then(|(_, bound)| bound.parse::<f64>().ok());
                    buckets.bounds.extend(bound.filter(|bound| bound.is_finite()));
                    buckets.below.push(sample.value);
                }
                "_sum" => buckets.sum = sample.value,
                "_count" => buckets.count = sample.value,
                _ => {}
            }
        }
        points.iter().map(|(labels, buckets)| buckets.point(labels, start, now)).collect()
    }
}

/// A histogram while it is put together.
#[derive(Default)]
struct Buckets {
    bounds: Vec<f64>,
    /// Of each bucket, what lies in it and in those before.
    below: Vec<f64>,
    sum: f64,
    count: f64,
}

impl Buckets {
    /// OTLP's buckets hold only their own.
    fn point(&self, labels: &Labels<'_>, start: &str, now: &str) -> Value {
        let each = self.below.iter().zip(std::iter::once(&0.0).chain(&self.below)).map(|(upper, lower)| whole(upper - lower));
        json!({
            "startTimeUnixNano": start, "timeUnixNano": now, "attributes": attributes(labels), "count": whole(self.count), "sum": self.sum,
            "explicitBounds": self.bounds, "bucketCounts": each.collect::<Vec<String>>(),
        })
    }
}

fn attributes(labels: &[(&str, &str)]) -> Vec<Value> {
    labels.iter().map(|(name, value)| text(name, value)).collect()
}

/// A count, as OTLP's JSON has 64-bit numbers.
fn whole(count: f64) -> String {
    format!("{count:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Metrics, Outcome, UpstreamFailure};

    fn written(metrics: &Metrics) -> Vec<Value> {
        let body = request(&json!({}), &metrics.text().unwrap(), 1, 2);
        body.pointer("/resourceMetrics/0/scopeMetrics/0/metrics").unwrap().as_array().unwrap().clone()
    }

    fn named<'a>(metrics: &'a [Value], name: &str) -> &'a Value {
        metrics.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("no {name}"))
    }

    #[test]
    fn what_is_counted_is_told_as_it_is_shown() {
        let metrics = Metrics::new();
        let outcome = Outcome { endpoint: "/v1/x", action: "pass", status: 200 };
        metrics.requests.get_or_create(&outcome).inc_by(3);
        let odd = UpstreamFailure { upstream: "a b,c=规矩}".to_owned(), code: "x".to_owned() };
        metrics.upstream_failures.get_or_create(&odd).inc();
        metrics.at_work.set(5);
        metrics.judging.observe(30e-6);
        metrics.judging.observe(30e-6);
        metrics.judging.observe(1e9);
        let found = written(&metrics);
        let requests = named(&found, "guiju_requests");
        let point = &requests["sum"]["dataPoints"][0];
        assert_eq!((&requests["sum"]["isMonotonic"], &requests["sum"]["aggregationTemporality"]), (&json!(true), &json!(2)));
        assert_eq!((&point["asDouble"], &point["startTimeUnixNano"], &point["timeUnixNano"]), (&json!(3.0), &json!("1"), &json!("2")));
        assert!(point["attributes"].as_array().unwrap().contains(&json!({"key": "status", "value": {"stringValue": "200"}})));
        let upstream = &named(&found, "guiju_upstream_failures")["sum"]["dataPoints"][0]["attributes"][0];
        assert_eq!(upstream["value"]["stringValue"], json!(odd.upstream));
        assert_eq!(named(&found, "guiju_at_work")["gauge"]["dataPoints"][0]["asDouble"], json!(5.0));
        let judging = &named(&found, "guiju_judging_seconds")["histogram"]["dataPoints"][0];
        let (bounds, counts) = (judging["explicitBounds"].as_array().unwrap(), judging["bucketCounts"].as_array().unwrap());
        assert_eq!((bounds.len(), counts.len(), &judging["count"]), (22, 23, &json!("3")));
        assert_eq!((&counts[0], &counts[1], &counts[22]), (&json!("0"), &json!("2"), &json!("1")));
    }
}
