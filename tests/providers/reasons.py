"""Why something differs, on every cloud: an edit wherever it is felt, or drift whatever is edited beside it."""

from trimtab.plan import Action, Reason

SIZES = {"aws": "m5.xlarge", "azure": "Standard_D4s_v5"}
"""A size of each cloud that no group of the contract has; the others take Google's."""


class TellsEditsFromDrift:
    """Tests beside the contract, for a class that inherits it."""

    def test_an_edit_is_told_through_references(self, applied, fleet):
        """A changed size changes the template, and with it what the group launches from."""
        group = fleet.groups[0]
        size = SIZES.get(applied.plan(fleet).provider, "n2-standard-2")
        edited = self._edit(fleet, template=group.template.model_copy(update={"size": size}))
        plan = applied.plan(edited)
        updates = [change for change in plan if change.action is Action.UPDATE]
        assert updates
        assert {(change.key.kind, change.reason) for change in updates} == {
            (change.key.kind, Reason.EDITED) for change in updates
        }
        assert {field.reason for change in updates for field in change.fields} == {Reason.EDITED}

    def test_drift_beside_an_edit_stays_drift(self, world, applied, fleet):
        """The field that somebody changed has drifted, and what the file changes is edited, each by itself."""
        for kind in self._changeable_kinds(applied):
            key = self._first(applied, fleet, kind)
            path = world.tamper(applied, key)
            alone = {(change.key, field.path) for change in applied.plan(fleet) for field in change.fields}
            plan = applied.plan(self._with_bounds(fleet))
            fields = {(change.key, field.path): field for change in plan for field in change.fields}
            drifted = {place for place, field in fields.items() if field.reason is Reason.DRIFTED}
            assert (key, path) in drifted, kind
            assert drifted == alone, kind
            for change in plan:
                is_edit = any(field.reason is Reason.EDITED for field in change.fields) or not change.fields
                assert change.reason is (Reason.EDITED if is_edit else Reason.DRIFTED), kind
            assert any("capacity" in field.field for field in fields.values() if field.reason is Reason.EDITED)
            applied.apply(applied.plan(fleet), allow_replace=True).raise_for_failures()

    def test_drift_after_adopting_stays_drift_and_its_repair_renews_no_mark(self, world, applied, fleet):
        """Adopting says what is wanted, so that what somebody changes then is told from an edit."""
        for kind in self._marked_kinds(applied):
            world.make_foreign(applied, self._first(applied, fleet, kind))
        applied.apply(applied.adopt(fleet)).raise_for_failures()
        rest = applied.plan(fleet)
        assert {change.reason for change in rest} <= {Reason.DRIFTED}, rest.to_dict()
        applied.apply(rest).raise_for_failures()
        for kind in self._changeable_kinds(applied):
            key = self._first(applied, fleet, kind)
            path = world.tamper(applied, key)
            plan = applied.plan(fleet)
            assert {change.reason for change in plan} == {Reason.DRIFTED}, kind
            assert not [change for change in plan if change.renews_mark_only], kind
            assert path in {field.path for change in plan if change.key == key for field in change.fields}
            applied.apply(plan, allow_replace=True).raise_for_failures()
            assert not applied.plan(fleet), kind
