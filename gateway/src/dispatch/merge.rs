//! Merges the answers of the workers of a pool into one `data` (contract §6, "Where a command goes").

use contracts::dictionary::{Dictionary, ObjectSpec, Shape, dictionary};
use serde_json::{Map, Value};

use crate::pool;

/// Merges the `data` of several workers. `best` is the index of the lane that a job would get now.
///
/// Counts and bytes are summed, maps and lists united, `max_*` and `limits` the largest, averages weighted by jobs,
/// `state` that of [`pool::state_of`]; other members are those of `best`.
pub(crate) fn merge(definition: &str, data: &[Value], best: usize) -> Value {
    let Shape::Object(spec) = dictionary().resolve(&dictionary().named(definition).shape) else {
        return data[best].clone();
    };
    Merge { dictionary: dictionary(), data, best }
        .object(spec, &data.iter().collect::<Vec<_>>(), false)
        .into()
}

struct Merge<'a> {
    dictionary: &'static Dictionary,
    data: &'a [Value],
    best: usize,
}

impl Merge<'_> {
    fn object(&self, spec: &ObjectSpec, all: &[&Value], largest: bool) -> Map<String, Value> {
        let mut merged = Map::new();
        for property in &spec.properties {
            let name = property.snake.as_str();
            let values: Vec<&Value> = all.iter().filter_map(|one| one.get(name)).collect();
            if values.is_empty() {
                continue;
            }
            let value = if largest || name.starts_with("max_") {
                largest_of(&values)
            } else if name == "state" {
                first_state(&values)
            } else if name.starts_with("average_") {
                self.average(name)
            } else {
                self.value(name, &property.shape, &values)
            };
            let own = || all[self.best].get(name).or(values.first().copied()).cloned();
            if let Some(value) = value.or_else(own) {
                merged.insert(name.to_owned(), value);
            }
        }
        merged
    }

    /// Merges the values of one member; `None` if the value of the best lane stands for all.
    fn value(&self, name: &str, shape: &Shape, values: &[&Value]) -> Option<Value> {
        if let Shape::Ref(id) = shape
            && matches!(self.dictionary.def(*id).name.as_str(), "Count" | "Bytes" | "Mebibytes")
        {
            return Some(sum(values));
        }
        match self.dictionary.resolve(shape) {
            Shape::Object(spec) => {
                // If some lanes have no such object, the first that has one stands for the best lane.
                let best = if values.len() == self.data.len() { self.best } else { 0 };
                Some(Merge { best, ..*self }.object(spec, values, name == "limits").into())
            }
            Shape::List(_) => {
                let mut items: Vec<Value> = Vec::new();
                for item in values.iter().filter_map(|value| value.as_array()).flatten() {
                    if !items.contains(item) {
                        items.push(item.clone());
                    }
                }
                Some(items.into())
            }
            Shape::Map(_) => {
                let mut members = Map::new();
                for (key, value) in values.iter().filter_map(|value| value.as_object()).flatten() {
                    let member = members.entry(key.clone()).or_insert_with(|| value.clone());
                    if *value == true {
                        *member = true.into();
                    }
                }
                Some(members.into())
            }
            _ => None,
        }
    }

    /// The average weighted by the jobs of each worker that has one.
    fn average(&self, name: &str) -> Option<Value> {
        let of = |one: &Value| Some((one.get(name)?.as_f64()?, one["jobs_completed"].as_f64()?));
        let all: Vec<(f64, f64)> = self.data.iter().filter_map(of).collect();
        let jobs: f64 = all.iter().map(|(_, jobs)| jobs).sum();
        (jobs > 0.0).then(|| (all.iter().map(|(average, jobs)| average * jobs).sum::<f64>() / jobs).into())
    }
}

fn sum(values: &[&Value]) -> Value {
    if let Some(integers) = values.iter().map(|value| value.as_u64()).collect::<Option<Vec<u64>>>() {
        return integers.into_iter().fold(0_u64, u64::saturating_add).into();
    }
    values.iter().filter_map(|value| value.as_f64()).sum::<f64>().into()
}

fn largest_of(values: &[&Value]) -> Option<Value> {
    let number = |value: &&&Value| value.as_f64().unwrap_or_default();
    values.iter().max_by(|a, b| number(a).total_cmp(&number(b))).map(|value| (*value).clone())
}

fn first_state(values: &[&Value]) -> Option<Value> {
    pool::state_of(values.iter().filter_map(|value| value.as_str())).map(Value::from)
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::json;

    #[test]
    fn counts_are_summed_and_averages_weighted() {
        let metrics = |jobs: u64, average: f64, p95: f64| {
            json!({"commands_total": jobs, "jobs_completed": jobs, "average_generation_time_seconds": average,
                   "p95_generation_time_seconds": p95, "peak_memory_used_mb": 2.5})
        };
        let merged = merge("PerformanceMetrics", &[metrics(1, 4.0, 4.5), metrics(3, 2.0, 2.5)], 1);
        assert_eq!(
            merged,
            json!({"commands_total": 4, "jobs_completed": 4, "average_generation_time_seconds": 2.5,
                   "p95_generation_time_seconds": 2.5, "peak_memory_used_mb": 5.0})
        );
    }

    #[test]
    fn features_are_united_and_limits_the_largest() {
        let one = json!({"features": {"lora": true, "refiner": false}, "supported_formats": ["png"],
                         "max_resolution": 1024, "limits": {"side_max": 1024, "steps_max": 150}, "gpu_id": "gpu_0"});
        let other = json!({"features": {"lora": false, "refiner": false}, "supported_formats": ["png", "webp"],
                           "max_resolution": 2048, "limits": {"side_max": 4096, "steps_max": 50}, "gpu_id": "gpu_1"});
        assert_eq!(
            merge("WorkerCapabilities", &[one, other], 0),
            json!({"features": {"lora": true, "refiner": false}, "supported_formats": ["png", "webp"],
                   "max_resolution": 2048, "gpu_id": "gpu_0", "limits": {"side_max": 4096, "steps_max": 150}})
        );
    }

    #[test]
    fn memory_is_that_of_the_lanes_that_say_it() {
        let starting = json!({"gpu_id": "gpu_0"});
        let ready = |gpu: &str, used: u64| json!({"gpu_id": gpu, "memory_stats": {"vram_used_bytes": used}});
        let merged = merge("WorkerStatus", &[starting.clone(), ready("gpu_1", 3), ready("gpu_2", 4)], 1);
        assert_eq!(merged, json!({"gpu_id": "gpu_1", "memory_stats": {"vram_used_bytes": 7}}));
        assert_eq!(merge("WorkerStatus", &[starting.clone(), starting], 0), json!({"gpu_id": "gpu_0"}));
    }

    #[test]
    fn the_pool_is_ready_where_one_lane_is() {
        let merged = merge("WorkerStatus", &[json!({"state": "error"}), json!({"state": "ready"})], 0);
        assert_eq!(merged, json!({"state": "ready"}));
    }
}
