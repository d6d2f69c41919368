import Tally

/// Why a label is not made.
public enum LabelRefusal: Refusal, Equatable {
    /// No template of this name.
    case unknownTemplate(String, known: String)
    /// The template wants a field that was not given.
    case missingField(String, label: String)
    /// The template repeats a part for a list, and was given a text in its place.
    case notAList(String, label: String)
    /// The template wants a text, and was given a list in its place.
    case notAText(String, label: String)
    /// Data for a label that cannot be read; the detail says where.
    case badData(String)
    /// Something of the template lies outside the label.
    case outside(String, element: String)
    /// Two things of the template would be printed over one another.
    case overlap(String, element: String, other: String)
    /// More pages than a job may have.
    case tooManyPages(String, pages: Int, pagesMax: Int)
    /// The SSCC is not 18 digits with the right check digit.
    case badSSCC(String)

    public var code: ProblemCode {
        switch self {
        case .unknownTemplate: "labels.unknown_template"
        case .missingField: "labels.missing_field"
        case .notAList: "labels.not_a_list"
        case .notAText: "labels.not_a_text"
        case .badData: "labels.bad_data"
        case .outside: "labels.outside"
        case .overlap: "labels.overlap"
        case .tooManyPages: "labels.too_many_pages"
        case .badSSCC: "labels.bad_sscc"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .unknownTemplate(let name, let known): ["label": name, "known": known]
        case .missingField(let field, let label), .notAList(let field, let label),
            .notAText(let field, let label):
            ["field": field, "label": label]
        case .badData(let detail): ["detail": detail]
        case .outside(let label, let element): ["label": label, "element": element]
        case .overlap(let label, let element, let other):
            ["label": label, "element": element, "other": other]
        case .tooManyPages(let label, let pages, let pagesMax):
            ["label": label, "pages": String(pages), "max": String(pagesMax)]
        case .badSSCC(let read): ["read": PrintableText.clean(String(read.prefix(60)))]
        }
    }
}
