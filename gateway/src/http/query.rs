//! The query: the dialect, `on_disconnect`, and fields of a command. Any other name is refused.

use axum::{
    RequestExt,
    body::Body,
    extract::{Query, RawPathParams, Request},
    http::{Response, Uri},
    middleware::Next,
};
use contracts::{
    Action, Dialect, ErrorCode, Failure, UnknownDialect, Violation,
    dictionary::{Name, Shape, dictionary},
    registry::{PARAMETERS, Route},
};
use serde_json::{Map, Value, json};

use super::problem::{refuse, unreadable};
use crate::dispatch::OnDisconnect;

/// The field whose members a query writes as `tag.<name>`.
const TAGS: &str = "tags";

/// The parameters of a request: those of the query, and fields from the path.
pub(super) struct Parameters {
    pub(super) dialect: Option<Dialect>,
    pub(super) on_disconnect: Option<OnDisconnect>,
    pub(super) fields: Map<String, Value>,
}

/// The kind of a request.
#[derive(Clone, Copy)]
pub(super) enum RequestKind {
    /// The route of an action.
    Route(Action),
    /// Any action: its fields are in the body.
    Any,
    /// A resource that is not an action.
    Resource,
}

impl RequestKind {
    fn action(self) -> Option<Action> {
        match self {
            Self::Route(action) => Some(action),
            Self::Any | Self::Resource => None,
        }
    }

    /// Whether a parameter of the registry is allowed here.
    fn takes(self, name: &str) -> bool {
        let known = PARAMETERS.iter().filter(|known| known.place == "query" && known.name == name);
        match self {
            Self::Route(action) => known.into_iter().any(|known| known.concerns(action.info())),
            Self::Any => known.count() > 0,
            Self::Resource => known.into_iter().any(|known| known.classes.is_empty()),
        }
    }
}

/// The dialect in the query, if it has a valid one.
pub(super) fn dialect_of_query(uri: &Uri) -> Option<Dialect> {
    let pairs = pairs(uri).ok()?;
    pairs.into_iter().filter(|(name, _)| name == "dialect").find_map(|(_, value)| value.parse().ok())
}

/// Refuses a request whose query has anything but a dialect.
pub(super) async fn checked(request: Request, next: Next) -> Response<Body> {
    match read_query(&request, RequestKind::Resource) {
        Ok(_) => next.run(request).await,
        Err(failure) => refuse(*failure, super::dialect(request.uri()), request.uri().path()),
    }
}

/// Reads the fields from the path, the route and the query. A field may stand in one of these only.
pub(super) async fn of_route(
    request: &mut Request,
    action: Action,
    route: &Route,
) -> Result<Parameters, Box<Failure>> {
    let mut parameters = read_query(request, RequestKind::Route(action))?;
    let params = request.extract_parts::<RawPathParams>().await.map_err(|err| unreadable(&err))?;
    let named = params.iter().map(|(name, value)| {
        let field = route.params.iter().find(|(param, _)| *param == name).map_or(name, |(_, field)| field);
        (field, value)
    });
    for (field, value) in named.chain(route.fixed.iter().copied()) {
        if let Some(name) = parameters.fields.keys().find(|name| field_of(action, name) == field) {
            let message = format!("`{name}` stands in the query, and the path says it already");
            return Err(violation(name, ErrorCode::DuplicateField, message));
        }
        parameters.fields.insert(field.to_owned(), value.into());
    }
    Ok(parameters)
}

/// Reads the query: the parameters beside the command, and fields of the action with the types of its schema.
pub(super) fn read_query(request: &Request, kind: RequestKind) -> Result<Parameters, Box<Failure>> {
    let mut parameters = Parameters { dialect: None, on_disconnect: None, fields: Map::new() };
    for (name, value) in pairs(request.uri())? {
        let again = if name == "dialect" {
            parameters.dialect.replace(dialect(&value)?).is_some()
        } else if name == "on_disconnect" && kind.takes(&name) {
            parameters.on_disconnect.replace(on_disconnect(&value)?).is_some()
        } else if let Some(tag) = kind.action().and_then(|action| tag(action, &name)) {
            let tags = parameters.fields.entry(TAGS).or_insert_with(|| json!({}));
            let Some(tags) = tags.as_object_mut() else {
                let message = format!("`{name}` stands beside `{TAGS}`");
                return Err(violation(&name, ErrorCode::DuplicateField, message));
            };
            tags.insert(tag.to_owned(), value.into()).is_some()
        } else if let RequestKind::Route(action) = kind {
            parameters.fields.insert(name.clone(), typed(action, &name, value)).is_some()
        } else {
            let message = format!("`{name}` is no query parameter here");
            return Err(violation(&name, ErrorCode::UnknownField, message));
        };
        if again {
            let message = format!("`{name}` appears twice in the query");
            return Err(violation(&name, ErrorCode::DuplicateField, message));
        }
    }
    Ok(parameters)
}

/// The name of a tag in `tag.<name>`, for actions that have tags.
fn tag(action: Action, name: &str) -> Option<&str> {
    let tag = name.strip_prefix("tag.").filter(|tag| !tag.is_empty())?;
    dictionary().object(action.info().request).property(TAGS).map(|_| tag)
}

fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Box<Failure>> {
    match Query::try_from_uri(uri) {
        Ok(Query(pairs)) => Ok(pairs),
        Err(err) => {
            Err(Box::new(Failure::new(ErrorCode::BadRequest, format!("the query cannot be read: {err}"))))
        }
    }
}

fn dialect(value: &str) -> Result<Dialect, Box<Failure>> {
    value.parse().map_err(|err: UnknownDialect| {
        let mut failure = violation("dialect", ErrorCode::UnsupportedValue, err.to_string());
        failure.errors[0].allowed = Some(Dialect::ALL.map(|one| one.as_str().to_owned()).to_vec());
        failure
    })
}

fn on_disconnect(value: &str) -> Result<OnDisconnect, Box<Failure>> {
    value.parse().map_err(|_| {
        let message = format!("{value:?} says not what becomes of the job");
        let mut failure = violation("on_disconnect", ErrorCode::UnsupportedValue, message);
        let all = [OnDisconnect::Cancel, OnDisconnect::Finish];
        failure.errors[0].allowed = Some(all.map(|one| one.to_string()).to_vec());
        failure
    })
}

/// The failure of a query parameter.
pub(super) fn violation(name: &str, code: ErrorCode, message: String) -> Box<Failure> {
    Box::new(Failure::of_violations(vec![Violation::new(format!("/{name}"), code, message)]))
}

/// The field that a spelling means: the envelope's own, or the command's.
pub(super) fn field_of(action: Action, name: &str) -> &str {
    for object in ["EnvelopeHead", action.info().request] {
        let spec = dictionary().object(object);
        if let Some(Name::Property { index, .. }) = spec.names.get(name) {
            return &spec.properties[*index].snake;
        }
    }
    name
}

/// Gives the text of a query the type of its schema. A text that does not fit stays text, and is refused as such later.
fn typed(action: Action, name: &str, text: String) -> Value {
    let spec = dictionary().object(action.info().request);
    let shape = spec.property(field_of(action, name)).map(|property| dictionary().resolve(&property.shape));
    let parsed = match shape {
        Some(Shape::Integer(_) | Shape::Number(_) | Shape::Boolean) => {
            // JSON may have blanks around a value, and a query has none to skip.
            let is_bare = !text.contains(char::is_whitespace);
            is_bare.then(|| serde_json::from_str::<Value>(&text).ok()).flatten()
        }
        _ => None,
    };
    match parsed {
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => text.into(),
    }
}
