"""Every page for shortlists."""

from becta.market.web.work.shortlists.adding import add, choose_shortlist
from becta.market.web.work.shortlists.listing import amend, edit_shortlist, list_shortlists, new_shortlist, start
from becta.market.web.work.shortlists.one import ask_to_end, ask_to_remove, download, end, remove, show_shortlist

SHORTLIST_PAGES = (
    list_shortlists,
    new_shortlist,
    start,
    choose_shortlist,
    add,
    show_shortlist,
    download,
    edit_shortlist,
    amend,
    ask_to_remove,
    remove,
    ask_to_end,
    end,
)
