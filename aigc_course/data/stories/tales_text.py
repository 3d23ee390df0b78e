"""Words and sentence patterns of the story world as data; `tales` adds the rules.

A pattern is (weight, English parse tree, Chinese words). `{role}` is a slot, `{role:form}` one of
its forms; `word/TAG` overrides the part of speech that `TAGS` gives.
"""

from __future__ import annotations

from aigc_course.data.stories.rules import Kinds

# kind -> (names of the forms, tags of the English words of each form, rows of "English|Chinese")
KINDS: Kinds = {
    "name": (
        ("", "she", "She", "her", "girl"),
        ("PROPN", "PRON", "PRON", "PRON", "NOUN"),
        [
            (name, "she|她", "She|她", "her|她", "girl|女孩")
            for name in ("Mia|米娅", "Lena|莉娜", "Nora|诺拉", "Ada|艾达", "Rosa|罗莎")
        ]
        + [
            (name, "he|他", "He|他", "his|他", "boy|男孩")
            for name in ("Tom|汤姆", "Omar|奥马尔", "Leo|利奥", "Ivan|伊万", "Hugo|雨果")
        ],
    ),
    "colour": (
        ("",),
        ("ADJ",),
        [
            (c,)
            for c in (
                "red|红色",
                "blue|蓝色",
                "green|绿色",
                "yellow|黄色",
                "white|白色",
                "black|黑色",
                "purple|紫色",
                "brown|棕色",
            )
        ],
    ),
    "thing": (
        ("", "cl"),
        ("NOUN", "X"),
        [
            ("umbrella|雨伞", "|把"),
            ("kite|风筝", "|只"),
            ("scarf|围巾", "|条"),
            ("hat|帽子", "|顶"),
            ("lantern|灯笼", "|盏"),
            ("drum|小鼓", "|面"),
            ("basket|篮子", "|个"),
            ("blanket|毯子", "|条"),
        ],
    ),
    "food": (
        ("", "cl"),
        ("NOUN", "X"),
        [
            ("plums|李子", "|个"),
            ("pears|梨子", "|个"),
            ("cakes|蛋糕", "|块"),
            ("cherries|樱桃", "|颗"),
            ("dumplings|饺子", "|个"),
            ("oranges|橙子", "|个"),
            ("walnuts|核桃", "|颗"),
            ("carrots|胡萝卜", "|根"),
        ],
    ),
    "count": (
        ("",),
        ("NUM",),
        [
            (c,)
            for c in (
                "two|两",
                "three|三",
                "four|四",
                "five|五",
                "six|六",
                "seven|七",
                "eight|八",
                "nine|九",
                "ten|十",
            )
        ],
    ),
    "place": (
        ("",),
        ("NOUN",),
        [
            (p,)
            for p in (
                "forest|森林",
                "garden|花园",
                "park|公园",
                "valley|山谷",
                "library|图书馆",
                "museum|博物馆",
                "castle|城堡",
                "station|车站",
            )
        ],
    ),
    "pet": (
        ("", "a"),
        ("NOUN", "DET NOUN"),
        [
            ("otter|水獭", "an otter|"),
            ("owl|猫头鹰", "an owl|"),
            ("fox|狐狸", "a fox|"),
            ("rabbit|兔子", "a rabbit|"),
        ],
    ),
}

_A_THING, _THE_THING = "(NP a {colour} {thing})", "(NP the {colour} {thing})"
_A_THING2, _THE_THING2 = "(NP a {colour2} {thing2})", "(NP the {colour2} {thing2})"
_YI, _NA = "一 {thing:cl} {colour} 的 {thing}", "那 {thing:cl} {colour} 的 {thing}"
_YI2, _NA2 = "一 {thing2:cl} {colour2} 的 {thing2}", "那 {thing2:cl} {colour2} 的 {thing2}"
_IN_PLACE = "(PP in (NP the {place}))"


def _both(
    clause: str, first: tuple[str, str], second: tuple[str, str], weight: int
) -> list[tuple[int, str, str]]:
    """Return the patterns of a clause about two people and their things, in either order.

    Both orders mean the same to a reader.
    """
    english, chinese = clause.split("|")
    return [
        (
            weight,
            english.replace("<1>", a[0]).replace("<2>", b[0]),
            chinese.replace("<1>", a[1]).replace("<2>", b[1]),
        )
        for a, b in ((first, second), (second, first))
    ]


def _does(person: str, english: str, chinese: str) -> tuple[str, str]:
    """Return a clause in both languages about what a person does."""
    return f"(S (NP {person}) {english})", f"{person} {chinese}"


# episode -> what a step tells -> its patterns
EPISODES: dict[str, dict[str, list[tuple[int, str, str]]]] = {
    "lost and found": {
        "whose thing it was": [
            (2, f"(S (NP {{hero}}) (VP had {_A_THING}) .)", f"{{hero}} 有 {_YI} 。"),
            (
                1,
                "(S (NP {hero}) (VP loved (NP {hero:her} {colour} {thing})) .)",
                "{hero} 很 喜欢 {hero:her} 的 {colour} {thing} 。",
            ),
            (
                1,
                f"(S (NP {{hero}}) (VP got {_A_THING} (PP for (NP {{hero:her}} birthday))) .)",
                f"{{hero}} 过 生日 时 得到 了 {_YI} 。",
            ),
        ],
        "where it was lost": [
            (
                2,
                f"(S (NP One day) (NP {{hero:she}}) (VP lost (NP it) {_IN_PLACE}) .)",
                "有一天 ， {hero:she} 在 {place} 里 把 它 弄丢 了 。",
            ),
            (
                1,
                f"(S (PP On (NP a windy day)) (NP {{hero}}) (VP forgot (NP it) {_IN_PLACE}) .)",
                "在 一 个 刮风 的 日子 ， {hero} 把 它 忘 在 了 {place} 里 。",
            ),
            (
                1,
                (
                    f"(S (ADVP Then) (NP the {{thing}}) (VP fell (PP out (PP of (NP "
                    f"{{hero:her}} bag))) {_IN_PLACE}) .)"
                ),
                "后来 ， {thing} 在 {place} 里 从 {hero:her} 的 包 里 掉 了 出来 。",
            ),
        ],
        "who found it": [
            (
                2,
                f"(S (NP {{friend}}) (VP (VP walked {_IN_PLACE}) and (VP found {_A_THING})) .)",
                f"{{friend}} 在 {{place}} 里 散步 ， 捡到 了 {_YI} 。",
            ),
            (
                1,
                (
                    f"(S (NP The next morning) (NP {{friend}}) (VP saw (NP something "
                    f"{{colour}}) {_IN_PLACE}) .)"
                ),
                "第二天 早上 ， {friend} 在 {place} 里 看见 了 一 样 {colour} 的 东西 。",
            ),
            (
                1,
                (
                    f"(S (NP {{friend}}) (VP searched {_IN_PLACE} (SBAR until (S (NP "
                    f"{{friend:she}}) (VP found {_THE_THING})))) .)"
                ),
                f"{{friend}} 在 {{place}} 里 找 了 很 久 ， 终于 找到 了 {_NA} 。",
            ),
        ],
        "how it came back": [
            (
                2,
                "(S (NP {friend}) (VP brought (NP the {thing}) (ADVP back) (PP to (NP {hero}))) .)",
                "{friend} 把 {thing} 还给 了 {hero} 。",
            ),
            (
                1,
                (
                    '(S (SINV " (SQ Is/AUX (NP this/PRON) (NP your {thing}) ?) " (VP asked) '
                    "(NP {friend})) , and (S (NP {hero}) (VP smiled)) .)"
                ),
                "“ 这 是 你 的 {thing} 吗 ？ ” {friend} 问 ， {hero} 笑 了 。",
            ),
            (
                1,
                (
                    "(S (NP {hero}) (VP (VP thanked (NP {friend})) and (VP held (NP the "
                    "{thing}) (ADVP tight))) .)"
                ),
                "{hero} 谢过 {friend} ， 紧紧 抱住 了 {thing} 。",
            ),
        ],
    },
    "sharing": {
        "what there was to share": [
            (
                2,
                f"(S (NP {{hero}}) (VP sat {_IN_PLACE} (PP with (NP {{count_had}} {{food}}))) .)",
                "{hero} 带 着 {count_had} {food:cl} {food} 坐 在 {place} 里 。",
            ),
            (
                1,
                (
                    "(S (NP One sunny day) (NP {hero}) (VP brought (NP {count_had} {food}) "
                    "(PP to (NP the {place}))) .)"
                ),
                "在 一 个 晴朗 的 日子 ， {hero} 带 了 {count_had} {food:cl} {food} 来到 {place} 。",
            ),
            (
                1,
                (
                    "(S (NP {hero}) (VP carried (NP {count_had} {food}) (PP through (NP the "
                    "{place}))) .)"
                ),
                "{hero} 拿 着 {count_had} {food:cl} {food} 走过 {place} 。",
            ),
        ],
        "who was hungry": [
            (
                2,
                (
                    "(S (S (NP {friend}) (VP came (PP to (NP the {place})) (ADVP too))) , "
                    "and (S (NP {friend:she}) (VP was (ADJP hungry))) .)"
                ),
                "{friend} 也 来到 {place} ， 肚子 饿 了 。",
            ),
            (
                1,
                (
                    "(S (PP In (NP the {place})) (NP {hero:she}) (VP met (NP (NP {friend}) , "
                    "(SBAR who (S (VP was (ADJP hungry)))))) .)"
                ),
                "在 {place} 里 ， {hero:she} 遇见 了 饿 着 肚子 的 {friend} 。",
            ),
            (
                1,
                f"(S (NP {{friend}}) (VP was {_IN_PLACE} (PP without (NP any lunch))) .)",
                "{friend} 也 在 {place} 里 ， 没有 午饭 吃 。",
            ),
        ],
        "how many were given": [
            (
                2,
                "(S (NP {hero}) (VP gave (NP {count_given} {food}) (PP to (NP {friend}))) .)",
                "{hero} 给 了 {friend} {count_given} {food:cl} {food} 。",
            ),
            (
                1,
                (
                    '(S (SINV " (S (INTJ Please) (VP take (NP {count_given} {food}))) , " '
                    "(VP said) (NP {hero}) (PP to (NP {friend}))) .)"
                ),
                "{hero} 对 {friend} 说 ： “ 请 拿 {count_given} {food:cl} {food} 吧 。 ”",
            ),
            (
                1,
                (
                    "(S (S (NP {friend}) (VP asked (PP for (NP {count_given} {food})))) , "
                    "and (S (NP {hero}) (VP said (INTJ yes))) .)"
                ),
                "{friend} 想要 {count_given} {food:cl} {food} ， {hero} 答应 了 。",
            ),
        ],
        "how many were left": [
            (
                2,
                "(S (ADVP Then) (NP {hero}) (VP had (NP (NP {count_left} {food}) (VP left))) .)",
                "这样 ， {hero} 还 剩 {count_left} {food:cl} {food} 。",
            ),
            (
                1,
                (
                    "(S (ADVP Now) (NP there) (VP were (NP {count_left} {food}) (PP in (NP "
                    "(NP {hero} 's) bag))) .)"
                ),
                "现在 ， {hero} 的 包 里 有 {count_left} {food:cl} {food} 。",
            ),
            (
                1,
                "(S (NP {hero}) (VP kept (NP the other {count_left} {food})) .)",
                "{hero} 留下 了 另外 {count_left} {food:cl} {food} 。",
            ),
        ],
    },
    "trading": {
        "what the two had": [
            (
                2,
                (
                    f"(S (S (NP {{hero}}) (VP had {_A_THING})) , and (S (NP {{friend}}) (VP "
                    f"had {_A_THING2})) .)"
                ),
                f"{{hero}} 有 {_YI} ， {{friend}} 有 {_YI2} 。",
            ),
            (
                1,
                (
                    f"(S (S (NP {{hero}}) (VP brought {_A_THING} (PP to (NP the fair)))) , "
                    f"and (S (NP {{friend}}) (VP brought {_A_THING2})) .)"
                ),
                f"{{hero}} 带 了 {_YI} 来到 集市 ， {{friend}} 带 了 {_YI2} 。",
            ),
            (
                1,
                "(S (S (NP {hero}) (VP was (ADJP tired (PP of (NP {hero:her} {colour} "
                "{thing}))))) , and "
                "(S (NP {friend}) (VP was (ADJP tired (PP of (NP {friend:her} {colour2} "
                "{thing2}))))) .)",
                (
                    "{hero} 不 想要 {hero:her} 的 {colour} {thing} 了 ， {friend} 也 不 想要 "
                    "{friend:her} 的 {colour2} {thing2} 了 。"
                ),
            ),
        ],
        "who wanted to trade": [
            (4, "(S (NP They) (VP wanted (S (VP to/PART (VP trade)))) .)", "两 个 人 想要 交换 。"),
            (
                2,
                '(S " (S (VP Let/VERB (S (NP us) (VP trade)))) , " (NP they) (VP said) .)',
                "“ 我们 交换 吧 ， ” 两 个 人 说 。",
            ),
            *_both(
                "(S <1> , and <2> .)|<1> ， <2> 。",
                _does("{friend}", f"(VP liked {_THE_THING})", f"喜欢 {_NA}"),
                _does("{hero}", f"(VP liked {_THE_THING2})", f"喜欢 {_NA2}"),
                1,
            ),
        ],
        "who has what now": [
            *_both(
                "(S (ADVP Now) <1> , and <2> .)|现在 ， <1> ， <2> 。",
                _does("{hero}", f"(VP has {_THE_THING2})", f"有 了 {_NA2}"),
                _does("{friend}", f"(VP has {_THE_THING})", f"有 了 {_NA}"),
                2,
            ),
            *_both(
                "(S <1> , and <2> .)|<1> ， <2> 。",
                _does(
                    "{hero}",
                    f"(VP went (ADVP home) (PP with {_THE_THING2}))",
                    f"带 着 {_NA2} 回家 了",
                ),
                _does(
                    "{friend}",
                    f"(VP went (ADVP home) (PP with {_THE_THING}))",
                    f"带 着 {_NA} 回家 了",
                ),
                1,
            ),
            *_both(
                "(S (ADVP So) <1> , and <2> .)|于是 ， <1> ， <2> 。",
                _does("{hero}", f"(VP took {_THE_THING2})", f"拿走 了 {_NA2}"),
                _does("{friend}", f"(VP took {_THE_THING})", f"拿走 了 {_NA}"),
                1,
            ),
        ],
    },
}

ENDINGS = [
    (
        4,
        "(S (NP They) (VP were (NP friends) (PP from (NP that/DET day)) (ADVP on/ADV)) .)",
        "从 那天 起 ， 两 个 人 成 了 朋友 。",
    ),
    (
        2,
        "(S (NP It) (VP was (NP a good day) (PP for (NP (NP both) (PP of (NP them))))) .)",
        "这 一 天 ， 两 个 人 都 很 开心 。",
    ),
    *_both(
        "(S (NP <1> and <2>) (VP are (NP good friends) (ADVP now)) .)|<1> 和 <2> 现在 是 好 朋友 了 。",
        ("{name_hero}",) * 2,
        ("{name_friend}",) * 2,
        1,
    ),
]

OPENINGS = [
    (
        2,
        (
            "(S (ADVP Once) (NP there) (VP was (NP (NP a {name_hero:girl}) (VP called (NP "
            "{name_hero})) (SBAR who (S (VP had (NP {pet:a})))))) .)"
        ),
        "从前 有 一 个 {name_hero:girl} 叫 {name_hero} ， {name_hero:she} 养 了 一 只 {pet} 。",
    ),
    (
        1,
        (
            "(S (NP {name_hero}) (VP lived (PP at (NP (NP the edge) (PP of (NP town)))) (PP "
            "with (NP {pet:a}))) .)"
        ),
        "{name_hero} 和 一 只 {pet} 住 在 小镇 边上 。",
    ),
    (
        1,
        (
            "(S (NP This) (VP is/AUX (NP (NP a tale) (PP about (NP (NP {name_hero}) and (NP "
            "{name_hero:her} {pet}))))) .)"
        ),
        "这 是 {name_hero} 和 {name_hero:her} 的 {pet} 的 故事 。",
    ),
]
LINKS = [
    (2, "(S (NP A week) (VP went (PRT by/ADV)) .)", "一 个 星期 过去 了 。"),
    (1, "(S But (NP that/PRON) (VP was not (ADJP all/PRON)) .)", "可是 事情 还 没有 完 。"),
    (1, "(S (ADVP Soon) (NP something else) (VP happened) .)", "不久 又 发生 了 一 件 事 。"),
]
RECAPS = {  # what the hero has after an episode
    "lost and found": (_THE_THING, _NA),
    "sharing": ("(NP the {count_left} {food})", "那 {count_left} {food:cl} {food}"),
    "trading": (_THE_THING2, _NA2),
}
LONG_ENDINGS = {
    "recap": [
        (
            1,
            "(S (NP That evening) (NP {name_hero}) (VP looked (PP at (NP <1> and <2>))) .)",
            "那天 晚上 ， {name_hero} 看 着 <1> 和 <2> 。",
        )
    ],
    "friends": [
        *_both(
            (
                "(S (NP {name_hero:She}) (VP told (NP the {pet}) (PP about (NP <1> and "
                "<2>))) .)|{name_hero:She} 给 {pet} 讲 了 <1> 和 <2> 的 事 。"
            ),
            ("{name_friend}",) * 2,
            ("{name_other}",) * 2,
            1,
        ),
        *_both(
            '(S " (S (NP <1> and <2>) (VP are (NP (NP good friends) (PP of (NP mine))))) '
            ', " (NP {name_hero:she}) (VP told (NP the {pet})) .)'
            "|“ <1> 和 <2> 都 是 我 的 好 朋友 ， ” {name_hero:she} 告诉 {pet} 。",
            ("{name_friend}",) * 2,
            ("{name_other}",) * 2,
            1,
        ),
    ],
}

_BY_TAG = {
    "PUNCT": '. , ? "',
    "DET": "a the The A your any both other That",
    "NOUN": "day birthday morning bag lunch friends fair edge town week tale evening",
    "VERB": "had loved got lost forgot fell walked found saw searched brought asked smiled "
    "thanked held sat carried came met gave take said "
    "kept wanted trade liked has went took called lived happened looked told left",
    "AUX": "was were are is",
    "ADP": "for in In On of through with to without from at about out",
    "ADV": "Then back tight too Now now home So Once not Soon else",
    "ADJ": "windy next sunny hungry tired good",
    "PRON": "it It something who there They they them us mine This",
    "CCONJ": "and But",
    "SCONJ": "until",
    "NUM": "One",
    "INTJ": "Please yes",
    "PART": "'s",
}
TAGS = {word: tag for tag, words in _BY_TAG.items() for word in words.split()}
