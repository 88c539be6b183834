//! Items of a list whose order has no meaning, and those that stand as members of their own: each keeps its place.

use contracts::{Writer, dictionary::dictionary, read, tree};

/// Canonical items of `performance.optimizations`, each with where it stood; and where the list stands.
fn places(performance: &str) -> (Vec<(String, String)>, String) {
    let document = format!(r#"{{"Performance":{performance}}}"#);
    let parsed = tree::parse(document.as_bytes()).expect("JSON");
    let reading = read("PromptSubmission", &parsed.tree, Writer::Sender);
    let shape = &dictionary().named("PromptSubmission").shape;
    let list = "/performance/optimizations";
    let read = reading.reported().and_then(|read| read.pointer(list)).and_then(|list| list.as_array());
    let items = read.into_iter().flatten().enumerate().map(|(i, item)| {
        (item.as_str().unwrap_or_default().to_owned(), reading.places.sender(&format!("{list}/{i}"), shape))
    });
    (items.collect(), reading.places.sender(list, shape))
}

/// What is written, the place of each optimization, and that of the list.
type Row<'r> = (&'r str, &'r [(&'r str, &'r str)], &'r str);

#[test]
fn an_item_keeps_its_place_in_any_order_and_as_a_member_of_its_own() {
    let list = "/Performance/Optimizations";
    let rows: &[Row] = &[
        (
            r#"{"Optimizations":["vae_tiling","attention_slicing"]}"#,
            &[
                ("attention_slicing", "/Performance/Optimizations/1"),
                ("vae_tiling", "/Performance/Optimizations/0"),
            ],
            list,
        ),
        (r#"{"Xformers":true}"#, &[("xformers", "/Performance/Xformers")], "/Performance/Xformers"),
        (
            r#"{"Compilation":"Torch_Compile","Optimizations":null,"cpu_offload":true}"#,
            &[
                ("model_cpu_offload", "/Performance/cpu_offload"),
                ("torch_compile", "/Performance/Compilation"),
            ],
            "/Performance/cpu_offload",
        ),
        (
            r#"{"Xformers":true,"Optimizations":["torch_compile","vae_slicing","xformers"],"AttentionSlicing":true}"#,
            &[
                ("attention_slicing", "/Performance/AttentionSlicing"),
                ("vae_slicing", "/Performance/Optimizations/1"),
                ("xformers", "/Performance/Optimizations/2"),
                ("torch_compile", "/Performance/Optimizations/0"),
            ],
            list,
        ),
        // One list in two spellings: the first of them.
        (
            r#"{"Optimizations":["vae_tiling","vae_slicing"],"optimizations":["vae_slicing","vae_tiling"]}"#,
            &[
                ("vae_slicing", "/Performance/Optimizations/1"),
                ("vae_tiling", "/Performance/Optimizations/0"),
            ],
            list,
        ),
    ];
    for (performance, items, of_list) in rows {
        let items: Vec<_> =
            items.iter().map(|(item, from)| ((*item).to_owned(), (*from).to_owned())).collect();
        assert_eq!(places(performance), (items, (*of_list).to_owned()), "{performance}");
    }
}
