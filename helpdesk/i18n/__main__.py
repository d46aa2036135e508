"""`python -m helpdesk.i18n`: bring the catalogs up to date with the code and say what is not translated yet."""
from helpdesk.i18n.extraction import missing, update

if __name__ == "__main__":
    update()
    for locale, ids in missing().items():
        print(f"{locale}: {len(ids)} to translate")
