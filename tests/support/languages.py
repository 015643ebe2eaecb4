"""Pages in six languages, and 300 questions about them as people type them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

PAGES = {
    "en.md": """# Renewing keys
## When to renew
A signing key is renewed once a year.
Keep the old keys until every reader has updated.
## Lost keys
Whoever lost a key revokes it immediately and publishes a new release.
Call `revoke_key()` for that.
# Pumps
Oil the pump before winter, and close both valves (V-12, V-13).
""",
    "de.md": """---
lang: de
---
# Schlüssel erneuern
## Wann erneuert wird
Ein Signaturschlüssel wird jährlich erneuert.
Die alten Schlüssel bleiben gültig, bis alle Leser aktualisiert haben.
## Verlorene Schlüssel
Wer einen Schlüssel verliert, widerruft ihn sofort und veröffentlicht eine neue Ausgabe.
# Pumpen
Die Ölpumpe vor dem Winter schmieren; die Straße zum Lager ist dann zu.
""",
    "fr.md": """---
lang: fr
---
# Renouveler les clés
## Quand renouveler
Une clé de signature est renouvelée chaque année.
Gardez les anciennes clés jusqu'à ce que tous les lecteurs aient mis à jour.
## Clés perdues
Celui qui perd une clé la révoque aussitôt et publie une nouvelle édition.
# Pompes
Graissez la pompe avant l'hiver, puis fermez l'arrivée d'eau.
""",
    "es.md": """---
lang: es
---
# Renovar las claves
## Cuándo renovar
Una clave de firma se renueva cada año.
Conserve las claves antiguas hasta que todos los lectores hayan actualizado.
## Claves perdidas
Quien pierde una clave la revoca en seguida y publica una nueva edición.
# Bombas
Engrase la bomba antes del invierno; en el almacén está prohibido fumar.
""",
    "ru.md": """---
lang: ru
---
# Обновление ключей
## Когда обновлять
Ключ подписи обновляют каждый год.
Храните старые ключи, пока все читатели не обновятся.
## Потерянные ключи
Потерявший ключ сразу отзывает его и публикует новый выпуск.
# Насосы
Смажьте насос перед зимой, ещё раз проверьте клапаны.
""",
    "ja.md": """---
lang: ja
---
# 鍵の更新
## いつ更新するか
署名の鍵は毎年更新します。
すべての読者が更新するまで、古い鍵を保管してください。
## 失われた鍵
鍵を失った人は、すぐにそれを失効させ、新しい版を公開します。
# ポンプ
冬の前にポンプに油をさし、バルブを閉めてください。
""",
}
EACH = 50


def questions() -> list[str]:
    """Return 300 different ones, as many about each page: titles, sentences, parts of them, half typed, misspelt."""
    asked: dict[str, None] = {}
    for text in PAGES.values():
        asked |= dict.fromkeys(islice((one for one in dict.fromkeys(_about(text)) if one not in asked), EACH))
    return list(asked)


def _about(text: str) -> Iterator[str]:
    for line in text.rpartition("---\n")[2].splitlines():
        said = line.strip("# .。")
        # Where words are not apart, stretches of a few letters are as good.
        words = said.split() if " " in said else [said[at : at + 4] for at in range(0, len(said), 3)]
        yield said
        yield from (word[: max(2, len(word) - 2)] for word in words)  # still being typed
        yield from (
            f"{word[:2]}{word[3]}{word[2]}{word[4:]} " for word in words if len(word) > 3
        )  # two letters swapped
        yield from map(" ".join, pairwise(words[::2]))
        yield " ".join(reversed(words)).upper() + "?"
