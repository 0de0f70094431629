"""Steps of verifying that need no tape: what follows from the bundle itself and the files beside it."""

import msgspec

from makerscope.programs.looks import default_seed
from makerscope.programs.program import program_hash
from makerscope.programs.sampling import commitment
from makerscope.rewards import bundle_parts as parts
from makerscope.rewards.bundle import AMOUNTS, SAMPLES, SCORES, TREE, bundle_hash, file_hash, read_file
from makerscope.rewards.canonical import parse
from makerscope.rewards.case import Case, Found, Skipped, compared
from makerscope.rewards.difference import Difference, first_difference
from makerscope.rewards.epoch_samples import root_of_rules, samples_part, wrong_leaf
from makerscope.rewards.hashing import hex_of
from makerscope.rewards.merkle import dump, load
from makerscope.rewards.reopened import program_of, terms_of
from makerscope.rewards.signature import read_signature, signature_difference
from makerscope.rewards.tables import read_table, scores_frame


def files(case: Case) -> Found:
    """Every file is the one that the bundle names, and no other is wanted."""
    said = case.bundle
    want = {SCORES, AMOUNTS, *([TREE] if said.amounts else []), *([SAMPLES] if said.samples else [])}
    wrong = first_difference(sorted(said.files), sorted(want), "files")
    if wrong:
        return wrong
    for name, given in sorted(said.files.items()):
        found = file_hash(read_file(case.folder, name))
        if found != given:
            return Difference(path=f"files.{name}", says=given, follows=f"{found}, the SHA-256 of the file")
    return f"{len(case.bundle.files)} files; bundle {bundle_hash(case.bundle)}"


def signature(case: Case) -> Found:
    """Who signed, and that the signature is of this bundle."""
    signature = read_signature(case.folder)
    if signature is None:
        if case.signer is not None:
            return Difference(path="signature.json", says="nothing: there is no signature", follows=case.signer)
        return Skipped("the bundle is not signed")
    wrong = signature_difference(case.bundle, signature)
    if wrong is None and case.signer is not None and signature.signer.lower() != case.signer.lower():
        return Difference(
            path="signature.json signer", says=signature.signer, follows=f"{case.signer}, who should sign"
        )
    return wrong or f"signed by {signature.signer}"


def program(case: Case) -> Found:
    """The hash is that of the rule."""
    said = case.bundle.program
    rule = program_of(case.bundle)
    return (
        first_difference(
            {"hash": said.hash, "name": said.name, "rule": said.rule, "version": said.version},
            msgspec.to_builtins(parts.program_part(rule)),
            "program",
        )
        or f"{said.name}, version {said.version}, {program_hash(rule)}"
    )


def previous(case: Case) -> Found:
    """The epoch before is the one meant, and its remainder is carried in."""
    said = case.bundle
    if said.previous is None:
        return first_difference(said.carried_in, "0", "carried_in") or "first epoch"
    if case.previous is None:
        return Skipped("the bundle of the epoch before is not given (--previous)")
    return first_difference(
        {"previous": said.previous, "carried_in": said.carried_in},
        {"previous": bundle_hash(case.previous), "carried_in": case.previous.remainder},
        "$",
    )


def seed(case: Case) -> Found:
    """The seed is the one committed to, or follows from the tape."""
    said = case.bundle
    if said.seed is None:
        wrong = first_difference(said.seed_commitment, None, "seed_commitment")
        return wrong or "the program draws no samples"
    if case.commitment is not None:
        wrong = first_difference(said.seed_commitment, case.commitment.lower(), "seed_commitment")
        if wrong:
            return wrong
    if said.seed_commitment is None:
        derived = hex_of(default_seed(said.tape.evidence_root, said.program.hash))
        return first_difference(said.seed, derived, "seed") or "nobody committed to it: it follows from the tape"
    follows = commitment(bytes.fromhex(said.seed[2:]))
    return first_difference(said.seed_commitment, follows, "seed_commitment") or f"committed to by {follows}"


def amounts(case: Case) -> Found:
    """Amounts and remainder follow from the points, the exclusions and the policy."""
    said = case.bundle
    terms = terms_of(said, None)
    change = parts.clause_change(said.cases, said.token_decimals) if terms.clauses == "apply" else 0
    policy = terms.policy(said.scores, int(said.clause_change))
    shared = parts.share(said.scores, said.exclusions, policy)
    ours = {
        "clause_change": str(change),
        "unearned": str(policy.unearned),
        "amounts": parts.amount_rows(shared.amounts),
        "remainder": str(shared.remainder),
        "remainder_reason": shared.reason,
    }
    return compared(said, ours) or f"{len(said.amounts)} accounts"


def root(case: Case) -> Found:
    """The root is that of the amounts, and so is the tree."""
    said = case.bundle
    tree = parts.tree_of({row.account: int(row.amount) for row in said.amounts})
    wrong = first_difference(said.root, None if tree is None else hex_of(tree.root), "root")
    if wrong or tree is None:
        return wrong or "nobody is paid: no root"
    document = parse(read_file(case.folder, TREE), TREE)
    if document != dump(tree):
        load(document, TREE)  # names the hash that is wrong, if one is
        return first_difference(document, dump(tree), TREE)
    return str(said.root)


def samples(case: Case) -> Found:
    """The rules and the leaves under their roots; without a tape each leaf by its rule."""
    said = case.bundle
    rules = [[int(word) for word in words] for words in said.rules]
    wrong = first_difference(said.rules_root, root_of_rules(rules), "rules_root")
    if wrong or said.samples is None:
        return wrong or "no samples that can be challenged"
    table = read_table(read_file(case.folder, SAMPLES), SAMPLES)
    wrong = compared(said, {"samples": samples_part(table)})
    if wrong is None and case.tape is None:
        wrong = wrong_leaf(table, rules)
    return wrong or f"{table.height} leaves, sum {said.samples.total}"


def tables(case: Case) -> Found:
    """Amounts and scores as files say what the bundle says."""
    said = case.bundle
    amounts = parse(read_file(case.folder, AMOUNTS), AMOUNTS)
    table = read_table(read_file(case.folder, SCORES), SCORES)
    ours = scores_frame(said)
    wrong = first_difference(amounts, {row.account: row.amount for row in said.amounts}, AMOUNTS)
    if wrong is None and not table.equals(ours):
        wrong = first_difference(table.to_dicts(), ours.to_dicts(), SCORES)
    return wrong or f"{table.height} rows of scores, {len(said.amounts)} amounts"
