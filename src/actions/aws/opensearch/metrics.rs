//! Numbers that only CloudWatch has.

use crate::actions::Trouble;
use crate::actions::aws::cli::Calls;
use crate::model::value::Value;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// One number to ask for: what it is called here, the metric and the statistic.
pub(super) type Asked = (&'static str, &'static str, &'static str);

/// OpenSearch writes its metrics every minute, and CloudWatch shows them a few minutes later.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The newest value of each number, or nothing where there is none.
pub(super) async fn newest(
    calls: &Calls<'_>,
    namespace: &str,
    dimensions: &[(&str, &str)],
    asked: &[Asked],
) -> Result<Vec<Option<f64>>, Trouble> {
    let dimensions: Vec<Value> =
        dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    let query = |(id, metric, statistic): &Asked| {
        let metric =
            json!({ "Namespace": namespace, "MetricName": metric, "Dimensions": dimensions });
        json!({ "Id": id, "MetricStat": { "Metric": metric, "Period": 60, "Stat": statistic } })
    };
    let now = Timestamp::now();
    let input = json!({
        "MetricDataQueries": asked.iter().map(query).collect::<Vec<_>>(),
        "StartTime": (now - WINDOW).as_second(),
        "EndTime": now.as_second() + 60,
        "ScanBy": "TimestampDescending",
    });
    let answer = calls.read("cloudwatch", "get-metric-data", Some(&input)).await?;
    let results = answer["MetricDataResults"].as_array().map_or(&[][..], Vec::as_slice);
    let value = |(id, ..): &Asked| {
        let result = results.iter().find(|result| result["Id"] == *id)?;
        result["Values"].as_array()?.first()?.as_f64()
    };
    Ok(asked.iter().map(value).collect())
}
