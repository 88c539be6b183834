//! Ids of models from paths: the vectors that the Python workers are held to as well, and what holds for any path.

use contracts::{ModelPlace, is_model_id};
use proptest::prelude::*;

use crate::data::{cases, text};

#[test]
fn the_shared_vectors() {
    let cases = cases("model_ids.json");
    assert!(cases.len() >= 30, "the vectors are there");
    for case in cases {
        let root = case["root"].as_u64().and_then(|root| usize::try_from(root).ok());
        let root = root.unwrap_or_else(|| panic!("{case} has no root"));
        let written = case["written"].as_array().unwrap_or_else(|| panic!("{case} has no ids"));
        let place = ModelPlace::below(root, text(&case, "path"));
        let id = place.map(|place| place.id(|id| written.iter().any(|one| one == id)));
        assert_eq!(id.as_deref(), case["id"].as_str(), "{case}");
    }
}

/// Paths as people write them, with everything that a name may hold.
fn paths() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just(".".to_owned()),
        Just("..".to_owned()),
        Just(String::new()),
        "[a-zA-Z0-9 ._+()%~:\\\\-]{0,12}",
        "\\PC{0,140}",
    ];
    (proptest::collection::vec(part, 1..5), any::<bool>()).prop_map(|(parts, ending)| {
        let path = parts.join("/");
        if ending { path + ".safetensors" } else { path }
    })
}

proptest! {
    #[test]
    fn any_place_has_a_valid_id(root in 0_usize..4, path in paths(), taken: bool) {
        if let Some(place) = ModelPlace::below(root, &path) {
            let id = place.id(|_| taken);
            prop_assert!(is_model_id(&id), "{id:?} of {path:?}");
            prop_assert_eq!(ModelPlace::below(root, place.path()), Some(place), "taken out once is taken out");
        }
    }

    #[test]
    fn two_places_never_share_an_id(left in (0_usize..3, paths()), right in (0_usize..3, paths())) {
        let of = |(root, path): &(usize, String)| ModelPlace::below(*root, path);
        if let (Some(left), Some(right)) = (of(&left), of(&right)) && left != right {
            prop_assert_ne!(left.hashed_id(), right.hashed_id());
            // A file and a folder of one stem under the first root are the one case in which the stem is shared.
            if left.stem() != right.stem() {
                prop_assert_ne!(left.id(|_| false), right.id(|_| false));
            }
        }
    }
}
