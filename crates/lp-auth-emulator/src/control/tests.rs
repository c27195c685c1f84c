//! The description against what is served. Its methods are looked at over the wire.

use super::*;

fn described() -> Value {
    serde_json::from_str(document::OPENAPI).unwrap()
}

#[test]
fn the_document_describes_each_route_and_no_other() {
    let described = described();
    let described: Vec<&str> = described["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut served: Vec<&str> = routes().iter().map(|(path, _)| *path).collect();
    served.sort_unstable();
    assert_eq!(served, described);
}

#[test]
fn every_reference_of_the_document_leads_somewhere_and_no_name_comes_twice() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let described = described();
    let mut found = Vec::new();
    references(&described, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(described.pointer(pointer).is_some(), "{reference}");
    }
    let operations = described["paths"].as_object().unwrap().values();
    let mut names: Vec<&str> = operations
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn the_document_names_every_fault_and_every_shape() {
    let described = described();
    let schemas = described["components"]["schemas"].to_string();
    // The refusal of an unknown one names those that are known: `a`, `b`, …
    let unknown = [
        serde_json::from_str::<crate::Fault>("\"unknown\"").unwrap_err(),
        serde_json::from_str::<crate::TokenFault>("\"unknown\"").unwrap_err(),
    ];
    for unknown in unknown.map(|error| error.to_string()) {
        let known: Vec<&str> = unknown.split('`').skip(3).step_by(2).collect();
        assert!(known.len() > 4, "{unknown}");
        for fault in known {
            assert!(schemas.contains(&format!("\"{fault}\"")), "{fault}");
        }
    }
    let shapes = serde_json::to_value(crate::ReplyShapes::default()).unwrap();
    for shape in shapes.as_object().unwrap().keys() {
        for schema in ["Shapes", "ShapesChange"] {
            let property = &described["components"]["schemas"][schema]["properties"][shape];
            assert!(!property.is_null(), "{schema} {shape}");
        }
    }
}

#[test]
fn where_a_redirect_leads_is_described_as_it_is_taken() {
    fn redirect(value: &Value) -> Option<&Value> {
        let members = value.as_object()?;
        members
            .get("redirect")
            .or_else(|| members.values().find_map(redirect))
            .or_else(|| {
                members
                    .values()
                    .filter_map(Value::as_array)
                    .flatten()
                    .find_map(redirect)
            })
    }
    let described = described();
    let to = &redirect(&described).unwrap()["properties"]["to"];
    let pattern = regex_lite::Regex::new(to["pattern"].as_str().unwrap()).unwrap();
    let taken = |to: &str| {
        let fault = json!({"redirect": {"status": 302, "to": to}});
        serde_json::from_value::<crate::Fault>(fault).is_ok()
    };
    let examples = to["examples"].as_array().unwrap().iter();
    for good in examples.map(|example| example.as_str().unwrap()).chain([
        "http://localhost",
        "https://127.0.0.1:1",
        "https://127.0.0.1:65535/proxy",
        "https://va.sentinel.liveperson.net",
    ]) {
        assert!(pattern.is_match(good) && taken(good), "{good}");
    }
    for bad in [
        "",
        "nowhere",
        "ftp://localhost",
        "https://",
        "https://a b",
        "/sentinel",
    ] {
        assert!(!pattern.is_match(bad) && !taken(bad), "{bad}");
    }
}
