"""Words and patterns of the newsroom as data; `headlines` adds the rules.

A headline has two parts: what happened, and what follows from it. A pattern is (weight, English
words, Chinese words) with slots as in `tales_text`; the English parse is flat, one S for each part.
Numbers and weekdays are words like all others.
"""

from __future__ import annotations

from aigc_course.data.stories.rules import Kinds


def _rows(text: str) -> list[tuple[str, ...]]:
    """Convert "snow|大雪 fog|大雾" to one row for each word."""
    return [(word,) for word in text.split()]


def _cap(text: str, form: str = "") -> list[tuple[str, ...]]:
    """Return rows with a second, capitalized form for the start of a headline."""
    return [(word, word[0].upper() + word[1:], *([form] if form else [])) for word in text.split()]


# kind -> (names of the forms, tags of the English words of each form, rows of "English|Chinese")
KINDS: Kinds = {
    "city": (
        ("",),
        ("PROPN",),
        _rows(
            "Alden|奥尔登 Norby|诺尔比 Velmar|维尔马 Corvale|科维尔 Lindmoor|林德穆尔 Sundby|松德比 "
            "Tarsis|塔西斯 Harwick|哈威克 "
            "Brenmouth|布伦茅斯 Eskford|埃斯克福德 Fallow|法洛 Gullport|古尔波特 Ilmen|伊尔门 Dorvale|多韦尔 "
            "Orrin|奥林 Penwick|彭威克"
        ),
    ),
    "person": (
        ("",),
        ("PROPN",),
        _rows(
            "Olsen|奥尔森 Diaz|迪亚斯 Kimura|木村 Novak|诺瓦克 Okafor|奥卡福 Rossi|罗西 Haddad|哈达德 Larsen|拉森 "
            "Moreau|莫罗 Petrov|彼得罗夫 Silva|席尔瓦 Banerjee|班纳吉 Jansen|扬森 Kowalski|科瓦尔斯基 "
            "Lopez|洛佩斯 Mensah|门萨 Nakamura|中村 Pereira|佩雷拉 Romano|罗马诺 Schmidt|施密特 "
            "Tanaka|田中 Weber|韦伯 Yilmaz|伊尔马兹 Zhou|周"
        ),
    ),
    "weekday": (
        ("",),
        ("PROPN",),
        _rows(
            "Monday|周一 Tuesday|周二 Wednesday|周三 Thursday|周四 Friday|周五 Saturday|周六 Sunday|周日"
        ),
    ),
    "days": (("",), ("NUM",), _rows("two|两 three|三 four|四 five|五 six|六 seven|七")),
    "team": (
        ("",),
        ("PROPN",),
        _rows(
            "Lions|狮队 Bears|熊队 Wolves|狼队 Eagles|鹰队 Sharks|鲨队 Tigers|虎队 Hawks|隼队 Foxes|狐队"
        ),
    ),
    "goals": (("",), ("NUM",), _rows("0|0 1|1 2|2 3|3 4|4 5|5")),
    "weather": (
        ("", "Cap"),
        ("NOUN", "NOUN"),
        _cap(
            "snow|大雪 storm|风暴 heat|酷热 fog|大雾 flooding|洪水 hail|冰雹 drought|干旱 ice|冰冻"
        ),
    ),
    "aid": (
        ("",),
        ("NOUN",),
        _rows(
            "ploughs|扫雪车 sledges|雪橇 roofers|屋顶工 generators|发电机 fans|风扇 icemakers|制冰机 "
            "lamps|照明灯 foghorns|雾笛 "
            "boats|船只 pumps|水泵 glaziers|玻璃工 tarpaulins|防水布 tankers|水罐车 sprinklers|洒水器 "
            "salt|融雪盐 sand|沙子"
        ),
    ),
    "goods": (
        ("", "Cap"),
        ("NOUN", "NOUN"),
        _cap(
            "bread|面包 milk|牛奶 coffee|咖啡 butter|黄油 rice|大米 sugar|食糖 tea|茶叶 honey|蜂蜜"
        ),
    ),
    "move": (
        ("", "noun", "er"),
        ("VERB", "NOUN", "ADJ"),
        [("rises|上涨", "rise|涨价", "dearer|更贵"), ("falls|下跌", "fall|降价", "cheaper|更便宜")],
    ),
    "price": (("",), ("NUM",), _rows("20|20 30|30 40|40 50|50 60|60 70|70 80|80 90|90")),
    "find": (
        ("",),
        ("NOUN",),
        _rows(
            "fossil|化石 shipwreck|沉船 orchid|兰花 temple|神庙 crater|陨石坑 bat|蝙蝠 frog|青蛙 tomb|古墓"
        ),
    ),
    "site": (
        ("",),
        ("NOUN",),
        _rows(
            "desert|沙漠 canyon|峡谷 bay|海湾 lake|湖泊 jungle|丛林 marsh|沼泽 valley|山谷 cave|山洞"
        ),
    ),
    "artist": (
        ("", "Cap"),
        ("NOUN", "NOUN"),
        _cap(
            "director|导演 singer|歌手 painter|画家 author|作家 dancer|舞者 poet|诗人 sculptor|雕塑家 composer|作曲家"
        ),
    ),
    "work": (
        ("",),
        ("NOUN",),
        _rows(
            "film|电影 documentary|纪录片 song|歌曲 album|专辑 portrait|肖像画 mural|壁画 novel|小说 memoir|回忆录 "
            "ballet|芭蕾舞 tango|探戈 poem|诗歌 ballad|叙事诗 statue|雕像 fountain|喷泉 opera|歌剧 symphony|交响曲"
        ),
    ),
    "award": (
        ("",),
        ("PROPN",),
        _rows(
            "Owl|猫头鹰 Swan|天鹅 Star|星光 Rose|玫瑰 Crown|皇冠 Harp|竖琴 Lantern|灯笼 Anchor|船锚"
        ),
    ),
    "vehicle": (
        ("", "Cap"),
        ("NOUN", "NOUN"),
        _cap("tram|电车 bus|公交车 ferry|渡轮 train|火车 metro|地铁 shuttle|班车"),
    ),
    "stop": (
        ("",),
        ("NOUN",),
        _rows(
            "harbour|港口 airport|机场 university|大学 market|市场 stadium|体育场 hospital|医院 "
            "museum|博物馆 castle|城堡"
        ),
    ),
    "minutes": (("",), ("NUM",), _rows("10|10 15|15 20|20 25|25 35|35 45|45")),
}

# first word of a pair -> the two words that fit it; a headline with any other pair is inconsistent
AIDS = {
    "snow": "ploughs sledges",
    "storm": "roofers generators",
    "heat": "fans icemakers",
    "fog": "lamps foghorns",
    "flooding": "boats pumps",
    "hail": "glaziers tarpaulins",
    "drought": "tankers sprinklers",
    "ice": "salt sand",
}
SITES = {
    "fossil": "desert canyon",
    "shipwreck": "bay lake",
    "orchid": "jungle marsh",
    "temple": "jungle valley",
    "crater": "desert valley",
    "bat": "cave jungle",
    "frog": "marsh lake",
    "tomb": "cave canyon",
}
WORKS = {
    "director": "film documentary",
    "singer": "song album",
    "painter": "portrait mural",
    "author": "novel memoir",
    "dancer": "ballet tango",
    "poet": "poem ballad",
    "sculptor": "statue fountain",
    "composer": "opera symphony",
}

# topic -> (what happened, what follows from it), each a list of patterns
TOPICS: dict[str, tuple[list[tuple[int, str, str]], list[tuple[int, str, str]]]] = {
    "sport": (
        [
            (
                2,
                "{team_winner} beat {team_loser} {goals_won} to {goals_lost} in {city} ;",
                "{team_winner} 在 {city} 以 {goals_won} 比 {goals_lost} 击败 {team_loser} ，",
            ),
            (
                1,
                "{team_loser} lose {goals_lost} to {goals_won} against {team_winner} in {city} ;",
                "{team_loser} 在 {city} 以 {goals_lost} 比 {goals_won} 不敌 {team_winner} ，",
            ),
            (
                1,
                "{city} cup : {team_winner} {goals_won} , {team_loser} {goals_lost} ;",
                "{city} 杯 ： {team_winner} {goals_won} 比 {goals_lost} 胜 {team_loser} ，",
            ),
        ],
        [
            (
                2,
                "{person} is the hero of the {team_winner} on {weekday}",
                "{person} {weekday} 成 {team_winner} 功臣",
            ),
            (
                1,
                "{team_winner} fans sing for {person} on {weekday}",
                "{team_winner} 球迷 {weekday} 为 {person} 歌唱",
            ),
            (
                1,
                "on {weekday} the {team_loser} could not stop {person}",
                "{weekday} {team_loser} 挡不住 {person}",
            ),
        ],
    ),
    "weather": (
        [
            (
                2,
                "{weather:Cap} closes schools in {city} for {days} days ;",
                "{weather} 令 {city} 学校 停课 {days} 天 ，",
            ),
            (
                1,
                "{city} shuts schools for {days} days after {weather} ;",
                "{city} 因 {weather} 关闭 学校 {days} 天 ，",
            ),
            (
                1,
                "{weather:Cap} warning : schools in {city} stay shut for {days} days ;",
                "{weather} 预警 ： {city} 学校 关闭 {days} 天 ，",
            ),
        ],
        [
            (
                2,
                "mayor {person} orders {aid} by {weekday}",
                "市长 {person} 要求 {weekday} 前 调来 {aid}",
            ),
            (
                1,
                "{aid} to arrive on {weekday} , says mayor {person}",
                "市长 {person} 称 {aid} {weekday} 到达",
            ),
            (
                1,
                "no {aid} before {weekday} , mayor {person} admits",
                "市长 {person} 承认 {weekday} 前 没有 {aid}",
            ),
        ],
    ),
    "prices": (
        [
            (
                2,
                "{goods:Cap} {move} from {price_old} to {price_new} crowns in {city} ;",
                "{city} {goods} 从 {price_old} 克朗 {move} 到 {price_new} 克朗 ，",
            ),
            (
                1,
                "Price of {goods} in {city} {move} to {price_new} crowns from {price_old} ;",
                "{city} {goods} 价格 {move} 至 {price_new} 克朗 ， 原 为 {price_old} 克朗 ，",
            ),
            (
                1,
                "{city} pays {price_new} crowns for {goods} after {move:noun} from {price_old} ;",
                "{city} {goods} 由 {price_old} 克朗 {move:noun} 后 卖 {price_new} 克朗 ，",
            ),
        ],
        [
            (
                2,
                "{move:er} {goods} from {weekday} , says grocer {person}",
                "店主 {person} 说 {goods} {weekday} 起 {move:er}",
            ),
            (
                1,
                "grocer {person} expects no other {move:noun} before {weekday}",
                "店主 {person} 预计 {weekday} 前 不 再 {move:noun}",
            ),
            (
                1,
                "grocer {person} calls {weekday} 's {move:noun} a surprise",
                "店主 {person} 对 {weekday} 的 {move:noun} 感到 意外",
            ),
        ],
    ),
    "science": (
        [
            (
                2,
                "{city} team finds rare {find} in {site} ;",
                "{city} 团队 在 {site} 发现 罕见 {find} ，",
            ),
            (
                1,
                "Rare {find} found in {site} by {city} team ;",
                "罕见 {find} 在 {site} 被 {city} 团队 发现 ，",
            ),
            (
                1,
                "Surprise in {site} : rare {find} for {city} team ;",
                "{site} 惊喜 ： {city} 团队 遇见 罕见 {find} ，",
            ),
        ],
        [
            (
                2,
                "Doctor {person} searched the {site} for {days} days until {weekday}",
                "{person} 博士 在 {site} 搜寻 {days} 天 直到 {weekday}",
            ),
            (
                1,
                "Doctor {person} will study the {find} for {days} days from {weekday}",
                "{person} 博士 {weekday} 起 研究 {find} {days} 天",
            ),
            (
                1,
                "{find} on show for {days} days from {weekday} , says Doctor {person}",
                "{person} 博士 说 {find} {weekday} 起 展出 {days} 天",
            ),
        ],
    ),
    "culture": (
        [
            (
                2,
                "{artist:Cap} {person} wins {award} prize in {city} for a new {work} ;",
                "{artist} {person} 凭 新 {work} 在 {city} 获 {award} 奖 ，",
            ),
            (
                1,
                "{award} prize goes to {artist} {person} in {city} for a new {work} ;",
                "{award} 奖 在 {city} 颁给 {artist} {person} 的 新 {work} ，",
            ),
            (
                1,
                "{city} gives {award} prize to {artist} {person} for a new {work} ;",
                "{city} 把 {award} 奖 颁给 {artist} {person} 的 新 {work} ，",
            ),
        ],
        [
            (2, "{person} will present the {work} on {weekday}", "{person} {weekday} 介绍 {work}"),
            (
                1,
                "fans can enjoy the {work} from {weekday} , says {person}",
                "{person} 说 {work} {weekday} 起 可 欣赏",
            ),
            (
                1,
                "{person} thanks fans of the {work} on {weekday}",
                "{person} {weekday} 感谢 {work} 的 支持者",
            ),
        ],
    ),
    "transport": (
        [
            (
                2,
                "New {vehicle} links {stop_from} and {stop_to} in {city} ;",
                "{city} 新 {vehicle} 连接 {stop_from} 和 {stop_to} ，",
            ),
            (
                1,
                "{city} opens {vehicle} line from {stop_from} to {stop_to} ;",
                "{city} 开通 {stop_from} 到 {stop_to} 的 {vehicle} ，",
            ),
            (
                1,
                "{vehicle:Cap} from {stop_from} to {stop_to} starts in {city} ;",
                "{stop_from} 到 {stop_to} 的 {vehicle} 在 {city} 开通 ，",
            ),
        ],
        [
            (
                2,
                "{vehicle} cuts the trip from {minutes_old} to {minutes_new} minutes on {weekday}",
                "{vehicle} {weekday} 把 行程 从 {minutes_old} 分钟 缩短 到 {minutes_new} 分钟",
            ),
            (
                1,
                (
                    "from {weekday} it takes {minutes_new} minutes to the {stop_to} , not "
                    "{minutes_old}"
                ),
                "{weekday} 起 到 {stop_to} 只 要 {minutes_new} 分钟 ， 不 再 是 {minutes_old} 分钟",
            ),
            (
                1,
                "{stop_to} {minutes_new} minutes away from {weekday} , {minutes_old} before",
                "{weekday} 起 {stop_to} 只 有 {minutes_new} 分钟 远 ， 以前 {minutes_old} 分钟",
            ),
        ],
    ),
}

_BY_TAG = {
    "PUNCT": "; , :",
    "DET": "the a no other",
    "NOUN": (
        "cup hero fans schools days warning mayor crowns grocer surprise team show prize "
        "line trip minutes Price Surprise"
    ),
    "PROPN": "Doctor",
    "VERB": "beat lose sing stop closes shuts stay shut orders arrive says admits pays expects "
    "calls finds found searched study wins goes gives "
    "present enjoy thanks links opens starts cuts takes",
    "AUX": "is could will can",
    "ADP": "in against of for on after by before from until",
    "ADV": "away",
    "ADJ": "rare New Rare new",
    "PRON": "it",
    "CCONJ": "and",
    "PART": "to not 's",
}
TAGS = {word: tag for tag, words in _BY_TAG.items() for word in words.split()}
