"""Promotions as users see them: propose a challenger, read its gates, acknowledge, complete, cancel."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping, Sequence

from workbench.access.permissions import Permission
from workbench.catalogue import TASKS
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import BadRequest, Conflict, EngineFault, Gone, NotFound, choices
from workbench.pages import bounded
from workbench.registry import alike, lookup, moves, takeover
from workbench.registry import promotion_rows as rows
from workbench.registry.aliases import Aliases
from workbench.registry.comparison import column_differences
from workbench.registry.lookup import Reference
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.registry.promotion import (
    CANCELLED,
    OPEN,
    QUEUED,
    REFUSED,
    WAITING,
    Acknowledgement,
    Gate,
    Promotion,
    artifact_gate,
    metric_gate,
    schema_gate,
)
from workbench.registry.takeover import Step
from workbench.runs.spec import find_metric
from workbench.store import keyset
from workbench.store.artifacts import SCHEMA
from workbench.store.needs import needs
from workbench.store.store import Store
from workbench.store.tables import PromotionRow, now
from workbench.waits import Waiting, waits


class Promotions:
    """The promotions of a workspace."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pipelines = Pipelines(store)
        self._aliases = Aliases(store)

    @needs(Permission.REGISTRY_WRITE)
    def propose(
        self,
        challenger: Reference,
        alias: str,
        *,
        metric: str | None = None,
        on: Source | str | None = None,
        segment: str | None = None,
        why: str = "",
    ) -> Promotion:
        """Ask for a pipeline to take an alias over, and have its gates evaluated.

        Where the alias names no pipeline yet, there is nothing to compare: it can be completed at once. Else it waits
        for its evaluation.

        Parameters
        ----------
        metric
            Metric that decides, by id or display name; None: the task's own.
        on
            Data source on whose rows both are judged, with the target among its columns; None: rows that were held out
            from both.
        segment
            Column by whose values the difference is told too.

        Raises
        ------
        BadRequest
            ``alias.invalid``, ``spec.unknown_metric``; ``spec.target_missing`` or ``spec.invalid`` when the data source
            lacks a column.
        NotFound
            ``pipeline.not_found``, ``data.not_found``
        Conflict
            ``promotion.needless`` when the alias names this pipeline already; ``promotion.not_comparable`` when the two
            do not predict the same thing; ``pipeline.name_taken`` when a pipeline goes by the alias's name.
        """
        moves.check_name(alias)
        new = self._pipelines.get(challenger)
        old = self._champion(alias)
        if old is not None:
            _check_challenge(new, old, alias)
        if metric is not None:
            task = TASKS[new.task]
            metric = find_metric(task, str(metric), new.lineage["options"], new.lineage["setup"]).name
        source = None if on is None else Sources(self._store).get(on)
        self._check_columns(new, old, source, segment)
        gates = [artifact_gate(new, self._mismatch(new)), schema_gate(new, old, self._differences(new, old))]
        if old is None:
            gates.append(metric_gate(None))
        is_sound = gates[0].passed
        with self._store.database.write() as session:
            # It may have been deleted while it was verified.
            lookup.find(session, self._store.workspace_id, new, hold="keep")
            moves.expect_free(session, self._store.workspace_id, alias)
            row = PromotionRow(
                workspace_id=self._store.workspace_id,
                alias=alias,
                challenger_id=new.id,
                champion_id=None if old is None else old.id,
                source_id=None if source is None else source.id,
                metric=metric,
                segment=segment,
                status=QUEUED if old is not None else WAITING,
                gates=rows.in_order([gate.as_dict() for gate in gates]),
                why=why,
                created_by=self._store.user,
                served_by=self._store.settings.identity,
            )
            session.add(row)
            session.flush()
            told = f"{new.name} is proposed{f' instead of {old.name}' if old is not None else ''}"
            rows.tell(session, row, self._store.user, "proposed", f"{told}{f': {why}' if why else ''}")
            if not is_sound:
                rows.end(row, self._store.user, REFUSED, gates[0].message)
                rows.tell(session, row, self._store.user, "refused", gates[0].message)
            return Promotion.of(row, new.name, None if old is None else old.name)

    @needs(Permission.REGISTRY_READ)
    def get(self, reference: Promotion | str) -> Promotion:
        """Find a promotion by its id or the end of it (at least four digits).

        Raises
        ------
        NotFound
            ``promotion.not_found``
        BadRequest
            ``promotion.ambiguous`` when several ids end like that.
        """
        with self._store.database.read() as session:
            return rows.find(session, self._store.workspace_id, reference)

    @needs(Permission.REGISTRY_READ)
    def list(
        self, *, alias: str | None = None, limit: int = 100, before: str | None = None
    ) -> builtins.list[Promotion]:
        """Return promotions, newest first.

        Parameters
        ----------
        alias
            Only those to this alias; None: all.
        before
            Id of a promotion that they are older than.

        Raises
        ------
        NotFound
            ``promotion.not_found`` when that is none.
        """
        conditions = [] if alias is None else [PromotionRow.alias == alias]
        with self._store.database.read() as session:
            if before is not None:
                older = keyset.older(session, PromotionRow, before, self._store.workspace_id)
                if older is None:
                    raise rows.not_found(before)
                conditions.append(older)
            return rows.read(session, self._store.workspace_id, *conditions, most=bounded(limit))

    @needs(Permission.REGISTRY_WRITE)
    def acknowledge(self, promotion: Promotion | str, gate: str, *, by: str, why: str = "") -> Promotion:
        """Put a person's word to a gate that is open, so that the promotion can be completed all the same.

        Parameters
        ----------
        by
            The person's name.

        Raises
        ------
        BadRequest
            ``promotion.person_missing``; ``promotion.gate_invalid`` when there is no such gate.
        NotFound
            ``promotion.not_found``
        Conflict
            ``promotion.wrong_state`` unless it waits; ``promotion.gate_invalid`` when the gate is not open or nobody
            can override it.
        """
        person = by.strip() if isinstance(by, str) else ""
        if not person:
            raise BadRequest("promotion.person_missing", "An acknowledgement needs the name of a person.", gate=gate)
        with self._store.database.write() as session:
            row = rows.held(session, self._store.workspace_id, promotion)
            found = rows.find(session, self._store.workspace_id, row.id)
            rows.expect_waiting(found, "acknowledged")
            met = _acknowledgeable(found, gate)
            word = Acknowledgement(met.name, person, self._store.user, why, now().isoformat(), met.message)
            row.acknowledgements = [*row.acknowledgements, word.as_dict()]
            told = f"{person} acknowledges the open gate '{met.name}'{f': {why}' if why else ''}"
            rows.tell(session, row, self._store.user, "acknowledged", told, word.as_dict())
            session.flush()
            return rows.find(session, self._store.workspace_id, row.id)

    @needs(Permission.REGISTRY_WRITE)
    @waits
    def complete(self, promotion: Promotion | str, *, after: Sequence[Step] = ()) -> Waiting[Promotion]:
        """Let the challenger take the alias over.

        Parameters
        ----------
        after
            What follows the alias, called in turn with the promotion once the alias has moved; each may return a
            function that takes back what it did. Where one raises, those before it are taken back, last first, and the
            alias goes back.

        Raises
        ------
        NotFound
            ``promotion.not_found``
        Conflict
            ``promotion.wrong_state`` unless it waits; ``promotion.gate_open`` when a gate is neither passed nor
            acknowledged; ``promotion.alias_moved`` when the alias names another pipeline than the one that was
            compared: propose again.
        Gone, EngineFault
            ``artifact.…`` when the challenger's bytes are not what was promoted; it is refused then.
        EngineFault
            ``promotion.failed`` when something that follows failed; the message is its own.
        """
        with self._store.database.read() as session:
            found = rows.find(session, self._store.workspace_id, promotion)
        takeover.check(found)
        try:
            self._pipelines.verify(found.challenger_id)
        except (EngineFault, Gone) as error:
            self._refuse(found, error.message)
            raise
        yield from takeover.complete(self._store, self._store.user, found, after)
        return self.get(found)

    @needs(Permission.REGISTRY_WRITE)
    def cancel(self, promotion: Promotion | str) -> Promotion:
        """End a promotion; its acknowledgements are dropped. One that has ended is returned as it is.

        Raises
        ------
        NotFound
            ``promotion.not_found``
        """
        with self._store.database.write() as session:
            row = rows.held(session, self._store.workspace_id, promotion)
            if row.status in OPEN:
                dropped = row.acknowledgements
                row.acknowledgements = []
                # Its process, where it has one, is ended by the service, which finds it by its id in the row.
                rows.end(row, self._store.user, CANCELLED)
                rows.tell(session, row, self._store.user, "cancelled", "it was cancelled", {"dropped": dropped})
            session.flush()
            return rows.find(session, self._store.workspace_id, row.id)

    def _champion(self, alias: str) -> Pipeline | None:
        try:
            return self._pipelines.get(self._aliases.get(alias).pipeline_id)
        except NotFound:
            return None

    def _mismatch(self, pipeline: Pipeline) -> str | None:
        """Say why a pipeline's bytes cannot be loaded; None where they can."""
        try:
            self._pipelines.verify(pipeline)
        except (EngineFault, Gone) as error:
            return error.message
        return None

    def _refuse(self, found: Promotion, why: str) -> None:
        with self._store.database.write() as session:
            row = rows.held(session, self._store.workspace_id, found)
            if row.status == WAITING:
                told = [gate for gate in row.gates if gate["name"] != "artifact"]
                row.gates = rows.in_order([*told, Gate("artifact", False, False, why, {}).as_dict()])
                rows.end(row, self._store.user, REFUSED, why)
                rows.tell(session, row, self._store.user, "refused", why)

    def _differences(self, new: Pipeline, old: Pipeline | None) -> Mapping[str, str]:
        if old is None or new.schema_sha256 == old.schema_sha256:
            return {}
        found = column_differences(self._schema(new), self._schema(old))
        return {difference.column: difference.words for difference in found}

    def _schema(self, pipeline: Pipeline) -> Sequence[Mapping[str, str]]:
        found: Sequence[Mapping[str, str]] = self._pipelines.document(pipeline, SCHEMA)
        return found

    def _check_columns(self, new: Pipeline, old: Pipeline | None, source: Source | None, segment: str | None) -> None:
        """See that the rows to judge on have the columns that judging takes, as far as their source is there."""
        if source is not None:
            if new.target is not None and source.column(new.target) is None:
                raise BadRequest(
                    "spec.target_missing",
                    f"{source.name} has no column '{new.target}', by which the two are judged.",
                    hint=choices(new.target, source.column_names),
                )
            taken = {column["name"] for side in (new, old) if side is not None for column in self._schema(side)}
            if lacking := sorted(taken - set(source.column_names)):
                raise BadRequest("spec.invalid", f"{source.name} lacks columns that are needed: {_listed(lacking)}.")
        if segment is None:
            return
        try:
            rows_of = source or Sources(self._store).get(new.source["id"], hidden=True)
        except NotFound:
            # Its own rows are gone with their source: the evaluation says so.
            return
        if rows_of.column(segment) is None:
            raise BadRequest(
                "spec.invalid",
                f"{rows_of.name} has no column '{segment}'.",
                hint=choices(segment, rows_of.column_names),
            )


def _check_challenge(new: Pipeline, old: Pipeline, alias: str) -> None:
    if new.id == old.id:
        raise Conflict("promotion.needless", f"'{alias}' names {new.name} already.", pipeline_id=new.id, alias=alias)
    if told := alike.difference(new, old, f"which '{alias}' names"):
        raise Conflict(
            "promotion.not_comparable",
            told,
            hint="Take another alias, or set this one without a promotion.",
            pipeline_id=new.id,
            alias=alias,
        )


def _acknowledgeable(found: Promotion, name: str) -> Gate:
    gate = found.gate(name)
    if gate is None:
        raise BadRequest(
            "promotion.gate_invalid",
            f"There is no gate '{name}'.",
            hint=choices(str(name), (known.name for known in found.gates)),
            promotion_id=found.id,
        )
    if gate not in found.open_gates:
        how = "passed" if gate.passed else "acknowledged"
        raise Conflict("promotion.gate_invalid", f"The gate '{name}' is {how} already.", promotion_id=found.id)
    if not gate.overridable:
        raise Conflict("promotion.gate_invalid", f"Nobody can override the gate '{name}'.", promotion_id=found.id)
    return gate


def _listed(names: Iterable[str], most: int = 10) -> str:
    names = builtins.list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
