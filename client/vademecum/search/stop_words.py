"""Stop words by language; js/search/stop_words/ has the same. In a query of stop words alone they count."""

from __future__ import annotations

from typing import Final

_LISTS: Final = {
    "english": """
        a about after all also am an and any are aren as at be because been before being both but by can could
        couldn did didn do does doesn doing don for from get got had hadn has hasn have haven having he her here
        him his how i if in into is isn it its just let like ll make me more most my need no not of on one only or
        other our out over own s same she should shouldn so some such t than that the their them then there these
        they this those to too up us use using ve very want was wasn way we were weren what when where which while
        who why will with without won would wouldn you your
    """,
    "german": """
        aber alle als also am an auch auf aus bei beim bin bis da damit dann darf das dass dein dem den denn der
        des die dies diese dieser doch du durch ein eine einem einen einer eines er es etwas fur habe haben hat
        hier ich ihr im in ist ja kann kein keine konnen man mehr mein mich mir mit mochte moechte muss nach
        nicht noch nur ob oder ohne schon sein seine sich sie sind so soll uber um und uns unter vom von vor
        wann war warum was weil welche wenn wer werden wie will wir wird wo wurde zu zum zur
    """,
    "french": """
        a ai au aux avec avez avons ce ces cette comme comment d dans de des dois du elle en est et etes etre
        faire fait il ils j je l la le les leur lui m ma mais me mes mon n ne nos notre nous on ont ou par pas
        peut peux plus pour pourquoi puis qu quand que quel quelle quels qui s sa sans se ses si sommes son sont
        suis sur t ta te tes ton tu un une veux vos votre vous y
    """,
    "spanish": """
        a al algo como con cual cuando de debo del donde el ella ellos en entre era es esa ese eso esta este
        esto estos estoy ha hacer hay la las le les lo los mas me mi mis muy no nos o para pero por porque
        puede puedo que quien quiero se ser si sin sobre somos son soy su sus tambien te tengo tiene tu un una
        uno unos y ya yo
    """,
    "italian": """
        a ad ai al all alla alle anche c che chi ci come con cosa cui d da dal dall dalla de degli dei del dell
        della delle devo di dove e ed era fare gli ha hanno ho i il in io l la le lei lo loro lui ma mi mia mio
        ne nel nell nella no non o per perche piu posso puo quale quando quanto quell quella quello questa questo
        se sei si siamo sono su sua sul sull suo tra tu un una uno vi voglio
    """,
    "portuguese": """
        a ao aos as com como da das de devo do dos e ela ele em entre era essa esse esta este estou eu fazer
        foi ha isso isto ja lhe mais mas me meu minha muito na nao nas no nos o onde os ou para pela pelo por
        porque posso qual quando que quem quero sao se sem ser seu sou sua tambem te tem tenho um uma
    """,
    "dutch": """
        aan al als ben bij dan dat de der deze die dit doen door dus een en er geen had heb hebben heeft het hier
        hij hoe ik in is ja je kan kunnen maar mag maken me meer met mij mijn moet na naar niet nog nu of om ook
        op over te tot uit van voor waar waarom want was wat we welke werd wie wij wil worden wordt ze zich zijn
        zo zonder
    """,
    "russian": """
        а без бы был была были было быть в вам вас все всех вы где да для до его ее если есть еще же за и из или
        им их к как какие какой когда кто ли меня мне можно мой мы на над нас не нет них но о об он она они от по
        под почему при с себя со так также там то того только том ты у уже чем что чтобы это этот я
    """,
}
STOP_WORDS: Final = {name: frozenset(words.split()) for name, words in _LISTS.items()}
"""By Snowball's name of the language; folded as words of a text are."""
