//! The order of the rooms inside one module: imports go down, never up.

use super::graph::Graph;

pub struct Order {
    /// The top module that this is the inside of.
    pub of: &'static str,
    /// The rooms from top to bottom; each may import the ones after it.
    pub rooms: &'static [&'static str],
    /// The rooms that may import the module's own file (`mod.rs`), which has the whole in it.
    pub whole: &'static [&'static str],
    /// The modules that every room may import; these import only each other.
    pub shared: &'static [&'static str],
}

/// Asking (`handlers`), running a turn (`turn`), making its answer (`answer`), telling it (`stream`).
pub const ORCHESTRATOR: Order = Order {
    of: "orchestrator",
    rooms: &["routes", "handlers", "turn", "answer", "stream"],
    whole: &["routes", "handlers"],
    shared: &["question", "config", "metrics"],
};

/// The rooms without a place in the order, and the imports that go up; tests included.
pub fn against(graph: &Graph, order: &Order) -> Vec<String> {
    let mut found = Vec::new();
    let all = [order.rooms, order.shared].concat();
    if let Some(top) = graph.modules[0].children.get(order.of) {
        let module = &graph.modules[*top];
        found.extend(
            module
                .children
                .iter()
                .filter(|(name, child)| {
                    !graph.modules[**child].test && !all.contains(&name.as_str())
                })
                .map(|(name, _)| format!("`{}::{name}` has no place in the order", order.of)),
        );
    }
    for import in &graph.imports {
        let Some(from) = room(graph, order, import.from) else {
            continue;
        };
        let refused = [import.named, Some(import.to)]
            .into_iter()
            .flatten()
            .filter_map(|module| room(graph, order, module))
            .find(|to| !may(order, from, to));
        if let Some(to) = refused {
            let to = if to.is_empty() { "mod.rs" } else { to };
            found.push(format!(
                "`{}::{from}` must not import `{to}`: {}",
                order.of,
                graph.line(import)
            ));
        }
    }
    found
}

/// The room that a module is in: empty for the whole's own file, `None` outside of it.
fn room<'g>(graph: &'g Graph, order: &Order, module: usize) -> Option<&'g str> {
    let path = &graph.modules[module].path;
    (path.first()? == order.of).then(|| path.get(1).map_or("", String::as_str))
}

fn may(order: &Order, from: &str, to: &str) -> bool {
    let depth = |name: &str| order.rooms.iter().position(|room| *room == name);
    if from == to || from.is_empty() || order.shared.contains(&to) {
        return true;
    }
    if to.is_empty() {
        return order.whole.contains(&from);
    }
    match (depth(from), depth(to)) {
        (Some(from), Some(to)) => to > from,
        // A room without a place is told of once, for itself.
        (_, None) => true,
        (None, Some(_)) => !order.shared.contains(&from),
    }
}
