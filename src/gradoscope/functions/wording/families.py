"""The families of the catalogue, as they are headed in lists."""

from gradoscope.language import say


def family_text(family: str) -> str:
    """The heading of a page of the catalogue, in the language in use.

    Examples
    --------
    >>> family_text("smooth_rectifiers")
    'smooth rectifiers'
    """
    headings = {
        "linear": say("linear and steps"),
        "sigmoidal": say("sigmoids"),
        "hard_sigmoidal": say("sigmoids in pieces"),
        "rectifiers": say("rectifiers"),
        "smooth_rectifiers": say("smooth rectifiers"),
        "gated": say("gated by themselves"),
        "gelu": say("GELU and its approximations"),
        "gated_twice": say("gated by a composed gate"),
        "shrinkage": say("shrinkage, waves, bells"),
        "pairs": say("gated pairs"),
        "vector": say("softmax and its kin"),
        "groups": say("groups of units"),
        "regression": say("regression"),
        "robust": say("robust regression"),
        "scale": say("regression of magnitudes and distributions"),
        "binary": say("two classes"),
        "margins": say("two classes by their margin"),
        "multiclass": say("several classes"),
        "softmax_family": say("several classes, after softmax"),
        "classes": say("several classes in other ways"),
        "segmentation": say("masks"),
        "boxes": say("boxes"),
        "ranking": say("pairs, triplets, rankings"),
        "sequences": say("sequences"),
        "batches": say("rows of a batch against each other"),
    }
    return headings.get(family, family.replace("_", " "))
