"""The request panel, made of what the API says of itself; and what the app found wrong, told at its field."""

import re
from collections.abc import Callable, Generator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from site_tests.blocks import TIMEOUT, block, edit, press, row, violations
from site_tests.conftest import fresh_page
from site_tests.panel import (
    add,
    body_text,
    choose,
    description,
    faults,
    field,
    marked,
    offered,
    open_panel,
    request_text,
    run_to_end,
    said,
    start_anew,
    write_body,
)

type Open = Callable[[str, str], Locator]


@pytest.fixture(scope="module")
def guide(chromium: Browser, static_url: str) -> Generator[Page]:
    """The page about requests, shared by the tests."""
    with fresh_page(chromium) as page:
        page.goto(static_url + "guide/requests/")
        yield page


@pytest.fixture
def closed(guide: Page) -> Open:
    """Finds a snippet's block, as it was when the page was loaded, about to send one of its requests."""

    def find(snippet: str, request: str) -> Locator:
        where = block(guide, snippet)
        start_anew(where)
        choose(where, request)
        return where

    return find


@pytest.fixture
def opened(closed: Open) -> Open:
    """Finds a snippet's block, its panel open."""

    def find(snippet: str, request: str) -> Locator:
        where = closed(snippet, request)
        open_panel(where)
        return where

    return find


# Operations and paths.


def test_the_operation_is_told_by_method_and_path(opened: Open) -> None:
    where = opened("requests.path", "A parcel")
    operation = field(where, "Operation")
    selected = operation.locator("option:checked")
    expect(selected).to_have_text("GET /depots/{depot}/parcels/{parcel_id}")
    field(where, "Path").fill("/depots/north/parcels/latest")
    expect(selected).to_have_text("GET /depots/{depot}/parcels/latest")
    field(where, "Method").select_option("PUT")
    expect(selected).to_have_text("Custom request")
    field(where, "Method").select_option("GET")
    field(where, "Path").fill("/nowhere")
    expect(selected).to_have_text("Custom request")


def test_the_methods_that_the_path_has_come_first(opened: Open) -> None:
    where = opened("requests.path", "A parcel")
    groups = field(where, "Method").locator("optgroup")
    assert [each.get_attribute("label") for each in groups.all()] == ["Documented", "Other"]
    assert groups.first.locator("option").all_inner_texts() == ["GET"]
    field(where, "Path").fill("/nowhere")
    expect(groups).to_have_count(0)
    expect(field(where, "Method").locator("option")).to_have_count(7)


def test_choosing_an_operation_writes_its_path_and_keeps_what_its_slots_held(opened: Open) -> None:
    where = opened("requests.path", "A depot with a slash in its name")
    field(where, "Operation").select_option("GET /depots/{depot}/parcels/latest")
    expect(field(where, "Path")).to_have_value("/depots/hall%2F7/parcels/latest")
    expect(field(where, "parcel_id")).to_have_count(0)


def test_a_slot_is_filled_in_as_it_reads_and_the_path_follows(opened: Open) -> None:
    where = opened("requests.path", "A parcel")
    field(where, "depot").fill("hall/7 ä")
    expect(field(where, "Path")).to_have_value("/depots/hall%2F7%20%C3%A4/parcels/17")
    expect(field(where, "depot")).to_have_value("hall/7 ä")
    field(where, "Path").fill("/depots/s%C3%BCd/parcels/18")
    expect(field(where, "depot")).to_have_value("süd")
    expect(field(where, "parcel_id")).to_have_value("18")
    assert run_to_end(where)[1] == ("chunk", '{"id":18,"depot":"süd"}')


def test_a_slot_says_its_type_and_when_its_value_is_of_another(opened: Open) -> None:
    where = opened("requests.path", "A parcel")
    slot = field(where, "parcel_id")
    expect(slot).to_have_attribute("inputmode", "numeric")
    expect(slot).to_have_accessible_description("integer, 1 or more")
    for unfit in ("seventeen", "0"):
        slot.fill(unfit)
        expect(slot).to_have_accessible_description("Expected integer, 1 or more")
    slot.fill("1")
    expect(slot).to_have_accessible_description("integer, 1 or more")


# Query and headers.


def test_a_parameter_says_its_type_default_and_values(opened: Open) -> None:
    where = opened("requests.params", "A search")
    limit = field(where, "Value of parameter 5")
    expect(limit).to_have_accessible_description("integer, 1 to 100, default 20")
    limit.fill("101")
    expect(limit).to_have_accessible_description("Expected integer, 1 to 100, default 20")
    field(where, "Name of parameter 5").fill("limt")
    expect(limit).to_have_accessible_description("Not documented")
    state = field(where, "Value of parameter 2")
    assert options(state) == ["delivered", "moving", "waiting"]


def test_names_are_completed_from_what_is_described_and_then_from_what_is_usual(
    opened: Open,
) -> None:
    where = opened("requests.params", "A search")
    assert options(field(where, "Name of parameter 1")) == [
        "text",
        "state",
        "since",
        "is_fragile",
        "limit",
    ]
    where = opened("requests.headers", "Print a label")
    names = options(field(where, "Name of header 1"))
    assert names[:4] == ["idempotency-key", "x-printer", "x-print-after", "accept-language"]
    assert "If-None-Match" in names
    assert "Accept-Language" not in names


def options(of: Locator) -> list[str]:
    """The values that the list of a field has."""
    return of.evaluate("field => [...field.list.options].map(option => option.value)")


def test_what_is_described_and_absent_is_offered_and_what_is_required_says_so(opened: Open) -> None:
    where = opened("requests.headers", "Without the key, for an unknown printer")
    offer = where.get_by_role("button", name="Add idempotency-key, required", exact=True)
    expect(where.get_by_role("button", name="Add accept-language", exact=True)).to_be_visible()
    offer.click()
    expect(offer).to_have_count(0)
    expect(field(where, "Name of header 2")).to_have_value("idempotency-key")
    expect(field(where, "Value of header 2")).to_be_focused()
    press(where, "Remove header 2")
    expect(offer).to_be_visible()


def test_a_guarded_operation_offers_the_header_that_says_who_one_is(
    page: Page, static_url: str
) -> None:
    page.goto(static_url + "guide/authentication/")
    where = block(page, "authentication.bearer")
    choose(where, "Without a token")
    open_panel(where)
    press(where, "Add Authorization, required")
    field(where, "Value of header 1").fill("Bearer ada-s-token")
    assert run_to_end(where)[0] == ("status", "200 application/json")


# The body.


def test_names_and_values_of_the_body_are_offered_as_the_schema_has_them(opened: Open) -> None:
    where = opened("requests.json", "A shipment")
    page = where.page
    write_body(where, "")
    page.keyboard.type('{"')
    assert offered(page) == ["to", "boxes"]
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("Address, required")
    page.keyboard.press("Enter")
    # What goes on from there is offered at once.
    assert offered(page) == ['{ "city": "", "country": "" }']
    page.keyboard.press("Enter")
    page.keyboard.type(', "boxes": [{"kilograms": 2, "')
    assert offered(page) == ["handling"]
    page.keyboard.press("Enter")
    assert offered(page) == ['"fragile"', '"normal"']
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("}]}")
    assert body_text(where) == (
        '{"to": { "city": "", "country": "" }, "boxes": [{"kilograms": 2, "handling": "normal"}]}'
    )


def test_escape_closes_what_is_offered_and_tab_leaves_the_body(opened: Open) -> None:
    where = opened("requests.json", "A shipment")
    page = where.page
    write_body(where, "{")
    page.keyboard.type('"')
    assert offered(page)
    page.keyboard.press("Escape")
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
    expect(field(where, "Body")).to_be_focused()
    page.keyboard.press("Tab")
    expect(where.get_by_role("button", name="Reset request")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+Space")
    page.keyboard.press("Tab")
    expect(where.get_by_role("button", name="Reset request")).to_be_focused()
    assert body_text(where) == '{"'


def test_what_does_not_fit_the_schema_is_told_and_marked_and_sent_all_the_same(
    opened: Open,
) -> None:
    where = opened("requests.json", "A shipment")
    write_body(where, '{"to": {"city": 7}, "boxes": [{"kilograms": 31, "tape": 1}], "by": "air"}')
    told = where.locator(".live-misfits li")
    assert told.all_inner_texts() == [
        "to.country: required, but missing",
        "to.city: expected string, 1 character or more",
        "boxes[0].kilograms: expected number, 30 or less, more than 0",
        "boxes[0].tape: not in the schema",
        "by: not in the schema",
    ]
    assert marked(where, "misfit") == [
        "{ | required, but missing",
        "7 | expected string, 1 character or more",
        "31 | expected number, 30 or less, more than 0",
        '"tape""by" | not in the schema',
    ]
    assert "to.city: expected string" in description(field(where, "Body"))
    told.get_by_role("button", name="boxes[0].kilograms").click()
    expect(field(where, "Body")).to_be_focused()
    where.page.keyboard.type("3")
    assert '"kilograms": 3,' in body_text(where)
    assert run_to_end(where)[0] == ("status", "422 application/problem+json")


def test_a_body_that_fits_is_said_to(opened: Open) -> None:
    where = opened("requests.json", "A shipment")
    expect(field(where, "Body")).to_have_accessible_description(
        "Valid JSON that matches the schema."
    )


def test_an_example_can_be_filled_in_where_there_is_no_body_and_be_undone(opened: Open) -> None:
    where = opened("requests.json", "A shipment")
    fill = where.get_by_role("button", name="Fill in an example")
    expect(fill).to_be_hidden()
    write_body(where, "")
    fill.click()
    assert re.sub(r"\s", "", body_text(where)) == (
        '{"to":{"city":"","country":""},"boxes":[{"kilograms":1}]}'
    )
    expect(field(where, "Body")).to_be_focused()
    where.page.keyboard.press("ControlOrMeta+z")
    assert body_text(where) == ""


def test_lines_of_json_are_told_and_offered_line_by_line(opened: Open) -> None:
    where = opened("requests.ndjson", "Three readings")
    write_body(where, '{"sensor": "dock", "celsius": 1}\n\n{"celsius": "cold"}\n')
    assert where.locator(".live-misfits li").all_inner_texts() == [
        "line 3: sensor: required, but missing",
        "line 3: celsius: expected number, -90 to 60",
    ]
    where.page.keyboard.press("ControlOrMeta+End")
    where.page.keyboard.type('{"sensor": "roof", "')
    assert offered(where.page) == ["celsius"]
    where.page.keyboard.press("Escape")


# What the app found wrong.


def test_each_fault_is_told_at_its_field_and_in_a_list_that_leads_there(opened: Open) -> None:
    where = opened("requests.params", "With four faults")
    press(where, "Run")
    assert faults(where) == [
        "state: Invalid enum value 'lost'",
        "since: Invalid RFC3339 encoded date",
        "limit: Expected `int` >= 1",
        "limt: Unknown",
    ]
    expect(where.locator(".live-faults").get_by_role("status")).to_have_text(
        "4 errors: state, since, limit, limt"
    )
    expect(field(where, "Value of parameter 1")).not_to_have_attribute("aria-invalid", "true")
    second = field(where, "Value of parameter 2")
    expect(second).to_have_attribute("aria-invalid", "true")
    assert "Invalid enum value 'lost'" in description(second)
    where.locator(".live-faults").get_by_role("button", name="limit").click()
    expect(field(where, "Value of parameter 4")).to_be_focused()


def test_a_fault_goes_when_its_field_is_edited_or_removed(opened: Open) -> None:
    where = opened("requests.params", "With four faults")
    press(where, "Run")
    assert len(faults(where)) == 4
    limit = field(where, "Value of parameter 4")
    limit.fill("5")
    expect(limit).not_to_have_attribute("aria-invalid", "true")
    expect(limit).to_have_accessible_description("integer, 1 to 100, default 20")
    expect(where.locator(".live-faults li")).to_have_count(3)
    field(where, "Value of parameter 2").fill("moving")
    field(where, "Value of parameter 3").fill("2026-11-01")
    press(where, "Remove parameter 5")
    expect(where.locator(".live-faults li")).to_have_count(0)
    assert run_to_end(where)[0] == ("status", "200 application/json")


def test_the_next_run_takes_away_the_faults_of_the_last(opened: Open) -> None:
    where = opened("requests.params", "With four faults")
    press(where, "Run")
    assert len(faults(where)) == 4
    field(where, "Path").fill("/nowhere")
    assert run_to_end(where)[0] == ("status", "404 application/problem+json")
    expect(where.locator(".live-faults li")).to_have_count(0)
    expect(where.locator("[aria-invalid]")).to_have_count(0)


def test_faults_of_the_body_are_marked_where_they_are_and_go_one_by_one(opened: Open) -> None:
    where = opened("requests.json", "With four faults")
    press(where, "Run")
    assert faults(where)[0] == "to.city: Missing, and required"
    assert marked(where, "fault") == [
        "{ | Missing, and required",
        '"country": "Portugal" | Expected `str` matching regex \'^[A-Z]{2}$\'',
        '"kilograms": "heavy" | Expected `float`, got `str`',
        '"kilograms": 80 | Expected `float` <= 30.0',
    ]
    body = field(where, "Body")
    expect(body).to_have_attribute("aria-invalid", "true")
    assert "boxes[1].kilograms: Expected `float` <= 30.0" in description(body)
    where.locator(".live-faults").get_by_role("button", name="boxes[0].kilograms").click()
    where.page.keyboard.type('"kilograms": 2')
    assert [each.partition(":")[0] for each in faults(where)] == [
        "to.city",
        "to.country",
        "boxes[1].kilograms",
    ]
    assert len(marked(where, "fault")) == 3
    # What the app found and the schema says as well is told once.
    expect(where.locator(".live-misfits")).to_be_hidden()


def test_a_fault_of_a_line_is_marked_in_that_line(opened: Open) -> None:
    where = opened("requests.ndjson", "The third one is invalid")
    press(where, "Run")
    assert faults(where)[0] == "line 3: sensor: Expected `str`, got `int`"
    assert marked(where, "fault")[0] == '"sensor": 7 | Expected `str`, got `int`'


def test_a_fault_of_the_path_is_told_at_its_slot(opened: Open) -> None:
    where = opened("requests.path", "A parcel id that isn't a number")
    press(where, "Run")
    assert faults(where) == ["parcel_id: Expected `int`, got `str`"]
    slot = field(where, "parcel_id")
    expect(slot).to_have_attribute("aria-invalid", "true")
    slot.fill("17")
    expect(where.locator(".live-faults li")).to_have_count(0)


def test_what_is_missing_is_told_where_it_can_be_added(opened: Open) -> None:
    where = opened("requests.headers", "Without the key, for an unknown printer")
    press(where, "Run")
    assert faults(where) == [
        "idempotency-key: Missing, and required",
        "x-printer: Invalid enum value 'dot-matrix'",
    ]
    offer = where.get_by_role("button", name="Add idempotency-key, required", exact=True)
    assert description(offer) == "idempotency-key: Missing, and required"
    where.locator(".live-faults").get_by_role("button", name="idempotency-key").click()
    expect(offer).to_be_focused()
    where.page.keyboard.press("Enter")
    expect(field(where, "Value of header 2")).to_be_focused()
    expect(where.locator(".live-faults li")).to_have_count(1)


def test_while_the_panel_is_closed_the_status_leads_to_the_first_fault(closed: Open) -> None:
    where = closed("requests.params", "With a parameter given twice")
    show = where.get_by_role("button", name="Show in the request")
    expect(show).to_be_hidden()
    press(where, "Run")
    expect(said(where)).to_contain_text("Answered with 422", timeout=TIMEOUT)
    show.click()
    expect(field(where, "Value of parameter 2")).to_be_focused()
    expect(show).to_be_hidden()
    assert faults(where) == ["limit: Given 2 times, expected once"]
    choose(where, "A search")
    expect(where.locator(".live-faults li")).to_have_count(0)


def test_a_problem_that_names_no_field_is_told_in_its_row_alone(closed: Open) -> None:
    where = closed("requests.json", "Without a JSON Content-Type")
    assert run_to_end(where)[0] == ("status", "415 application/problem+json")
    expect(said(where)).to_contain_text("Answered with 415")
    expect(where.get_by_role("button", name="Show in the request")).to_be_hidden()


# What is not described, or no longer.


def test_of_edited_code_it_is_said_that_the_original_is_described(opened: Open) -> None:
    where = opened("requests.path", "A parcel")
    aside = where.get_by_text("Described from the original code; yours is edited.")
    expect(aside).to_be_hidden()
    edit(where, "app = None")
    expect(aside).to_be_visible()
    press(where, "Reset")
    open_panel(where)
    expect(aside).to_be_hidden()


@pytest.mark.parametrize("answer", [200, 404])
def test_without_a_description_the_panel_takes_any_request(
    chromium: Browser, static_url: str, answer: int
) -> None:
    context = chromium.new_context()  # where an error in the console is expected
    page = context.new_page()
    page.route("**/descriptions/*", lambda route: route.fulfill(status=answer, body="null"))
    page.goto(static_url + "guide/requests/")
    where = block(page, "requests.params")
    open_panel(where)
    expect(field(where, "Operation")).to_have_count(0)
    add(where, "parameter", "limit", "3")
    write_body(where, '{"any": "thing"}')
    expect(field(where, "Body")).to_have_accessible_description("Valid JSON.")
    assert request_text(where).startswith("GET /parcels?text=blue+box&")
    context.close()


# For everybody.


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_no_violation_in_a_panel_with_faults_and_nothing_is_too_wide(
    chromium: Browser, static_url: str, scheme: Literal["light", "dark"], width: int
) -> None:
    size: Any = {"width": width, "height": 740}
    with fresh_page(chromium, color_scheme=scheme, reduced_motion="reduce", viewport=size) as page:
        page.goto(static_url + "guide/requests/")
        inside = f"""panel => [...panel.querySelectorAll("*")]
            .every(each => each.getBoundingClientRect().right <= {width})"""
        for snippet, request in (
            ("requests.headers", "Without the key, for an unknown printer"),
            ("requests.path", "A parcel id that isn't a number"),
            ("requests.json", "With four faults"),
        ):
            where = block(page, snippet)
            choose(where, request)
            open_panel(where)
            press(where, "Run")
            assert faults(where)
            expect(row(where, "end")).to_be_visible()
            assert where.locator(".live-draft").evaluate(inside)
            assert violations(where) == []
        field(where, "Body").press("ControlOrMeta+End")
        page.keyboard.type('"')
        page.keyboard.press("Control+Space")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(where) == []
