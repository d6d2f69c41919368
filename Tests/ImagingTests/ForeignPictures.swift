/// Pictures drawn by zint, as PNG files in base64, of kinds that we do not write.
enum ForeignPictures {
    /// GS1 Data Matrix: AI 01, 10 (ABC) and 21 (42).
    static let dataMatrixGS1 = """
        iVBORw0KGgoAAAANSUhEUgAAAE4AAAAkAQMAAAAdC55iAAAABlBMVEX///8AAABVwtN+AAAAfklEQVQY\
        03XGsQ3DIBRF0WdR0OEFLLEGHSvFCyBPQFaiY40vsQDuKL7yUkTp/K9ucTBq+i14pu507xbvdRiUkLAv\
        nE0MjpldzSTVIGuKlyc7DMrW8Uq812GxYLAdxYtBPfuoOU6oQV5ZiicpBjV4N737QA1KAbaFADHIf/rM\
        Lx7szfnroknfAAAAAElFTkSuQmCC
        """

    /// A GS1 QR code: AI 01, 10 (ABC and a percent sign) and 21 (42).
    static let qrGS1 = """
        iVBORw0KGgoAAAANSUhEUgAAAD8AAAA/AQMAAABtkYKcAAAABlBMVEX///8AAABVwtN+AAAAl0lEQVQo\
        z33OsQ3DMAxE0QNYpHMWMKA12HElT2B4AmUsrSGAC8idCkGXIqlsJle97j7ILodx4o4KHVAsAXzqgDLH\
        wP4TnmP8+SK752/YBQDY8NkFYzPJ5i2A5MeApQh+UpphD0CW9VnSDLDCsGtFAAAV5kcAsvuEtwAVKiwp\
        gk+VbDJjsNlYYqRpNUKF+qtIC0B2Zx/bHW8ouw6mTPL5sgAAAABJRU5ErkJggg==
        """

    /// An Aztec code of "AZTEC 到货".
    static let aztec = """
        iVBORw0KGgoAAAANSUhEUgAAAEwAAABMAQMAAAD9WcNoAAAABlBMVEX///8AAABVwtN+AAAAaUlEQVQo\
        z43SsY1EURTCUHfg/rukA2/wNem+S3QyJAS4pIA3CSX3pm0OOZCa1ommbPKmVLUuNEB3IGb5a/uXU1Hd\
        m34h3oRE24XLku3ABFTenFZ14Xcl5EBHNjywzW/zAxUz9yb+nvTkH53TGCQB2njaAAAAAElFTkSuQmCC
        """

    /// A PDF417 code.
    static let pdf417 = """
        iVBORw0KGgoAAAANSUhEUgAAAZwAAABgAQMAAAATqFasAAAABlBMVEX///8AAABVwtN+AAAAk0lEQVRY\
        w+3WoZEEQQzFUGXw889SGejA7MJjO8xY9Rq57KZqG6ttRRsEa83JE2TV2JBDh36LVLJB4lIUakMOHXoN\
        bSsxWjJXoM9jdejQS0iLMrcFk2dtfgKHDr2E2oJwhfsOrdYWeejQW0hrYDFjQBpp+c8n8dChH6DRU3PZ\
        Mg0+4dCh11DDwNpzl0EaWu3QoR+jPxbpNWc7FEKeAAAAAElFTkSuQmCC
        """

    /// A Micro QR code.
    static let microQR = """
        iVBORw0KGgoAAAANSUhEUgAAAE4AAABOAQMAAAC0ZLJeAAAABlBMVEX///8AAABVwtN+AAAAWUlEQVQo\
        z6XSMQ0AQQwDQUsHIJBCPZAMINJ+cY/A52pqawXAbM0q5EqqAXIWW6NCb1xp34hbMZ9/+E9Vx7yDUUoY\
        3LhjHjduIOYWuG9cGY91LKyYt6zDKOQHsTfP6uFvpGQAAAAASUVORK5CYII=
        """

    /// A QR code of "到货单 DN-1" in GB 18030 that names it (ECI 29).
    static let namedGB18030 = """
        iVBORw0KGgoAAAANSUhEUgAAAFQAAABUAQMAAAAmpYKCAAAABlBMVEX///8AAABVwtN+AAAAfElEQVQo\
        z5XTuw0EUQjFUHdA/126A28wnw0fE92TIBACKoNKNhbkjYVT9Iqlm2+WDwab/5wnV6rvHk4G8M6NxZqp\
        a2VHM40WsDNTg+rOxgxzD3m0M0WWKwM0xuxcWfAc4MmCQ7B1Kpl7T1entRGf2pNBJuf5tYOv32xi5R/8\
        lDNTFaaXLQAAAABJRU5ErkJggg==
        """

    /// A QR code in Shift-JIS that names it (ECI 20).
    static let namedShiftJIS = """
        iVBORw0KGgoAAAANSUhEUgAAAFQAAABUAQMAAAAmpYKCAAAABlBMVEX///8AAABVwtN+AAAAdElEQVQo\
        z5XToXUEAQzEUHUw/XepDhRwmwSuD+kTEz+bymUlFwvCJyen7JOrh9/ZL8wzyM2V+r+HNwPs6cVu6nb1\
        aG6gJwdqM07GNifz5khsHA0kPXx1JRO7WVDx7JRN/2713UZ6N7hxNDjH76+9ubIW4+IfnR4i67wEDb0A\
        AAAASUVORK5CYII=
        """
}
