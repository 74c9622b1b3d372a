"""The style sheet and the one filter of the Data Docs: inside each page, so that none needs the network."""

STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; }
:root { --bad: #c0392b; --look: #b9770e; --good: #1e8449; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.45 system-ui, sans-serif; }
h1, h2, h3, h4, h5, h6, p { margin: 0.4em 0; }
h5 { font-size: 1.05em; }
h6, .h6 { font-size: 1em; font-weight: 600; }
a { color: #2471a3; }
.container-fluid { padding: 12px 24px; }
.container-fluid .container-fluid { padding: 0; }
.row { display: flex; flex-wrap: wrap; gap: 0 24px; }
.col-12, .row > .table-responsive { flex: 1 0 100%; max-width: 100%; }
.col-6 { flex: 1 0 45%; }
.container-fluid > .row > .col-lg-2 { flex: 0 0 230px; }
.container-fluid > .row > .col-lg-10 { flex: 1 1 600px; min-width: 0; }
.sticky { position: sticky; top: 12px; }
nav.navbar { height: auto !important; padding: 8px 24px; border-bottom: 1px solid var(--line); }
.d-flex { display: flex; align-items: center; gap: 16px; }
.breadcrumb { display: flex; flex-wrap: wrap; gap: 8px; list-style: none; margin: 0; padding: 0; }
.breadcrumb-item + .breadcrumb-item::before { content: "/ "; }
.nav { list-style: none; padding: 0; margin: 0; }
.nav-item { padding: 1px 0; }
#navigation { border: 0; padding: 8px; overflow: auto; max-height: 65vh; }
.card { border: 1px solid var(--line); border-radius: 4px; margin: 8px 0; }
.card-header { padding: 6px 8px; background: var(--soft); }
.card-body { padding: 8px; }
.collapse { max-height: 14em; overflow: auto; }
.alert { padding: 8px 12px; background: var(--soft); border-radius: 4px; }
.table-responsive { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 6px 8px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td { overflow-wrap: break-word; }
table table { width: auto; }
.front td:first-child { white-space: nowrap; }
.badge { padding: 0 5px; border-radius: 3px; background: var(--soft); font-family: ui-monospace, monospace; }
code, pre { font: 0.85em ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
hr { border: 0; border-top: 1px solid var(--line); }
.btn { display: inline-block; padding: 3px 8px; margin: 2px; cursor: pointer; }
.btn { border: 1px solid var(--line); border-radius: 4px; }
.btn input { display: none; }
.btn.active { background: var(--soft); }
.popover, .modal { display: none; }
.error, .text-danger { color: var(--bad); font-weight: 600; }
.warn, .text-warning { color: var(--look); font-weight: 600; }
.text-success { color: var(--good); font-weight: 600; }
i.text-success::after { content: "\\2713 passed"; font-style: normal; }
i.text-danger::after { content: "\\2717 failed"; font-style: normal; }
i.text-warning::after { content: "! not run"; font-style: normal; }
@media print { .sticky, nav { display: none; } }
"""

SCRIPT = """
function showRows(all) {
  document.querySelectorAll("tr").forEach(function (row) {
    if (row.querySelector(":scope > td > div > span > i.text-success")) {
      row.style.display = all ? "" : "none";
    }
  });
  document.querySelectorAll(".btn-group .btn").forEach(function (button, place) {
    button.classList.toggle("active", (place === 0) === all);
  });
}
function showAllValidations() { showRows(true); }
function hideSucceededValidations() { showRows(false); }
"""
