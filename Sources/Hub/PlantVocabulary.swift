import ExceptionReports
import Forms
import Inspection
import Receiving
import Tally
import Workforce

/// Every operation that this program knows: the rooms' vocabularies, joined.
public enum PlantVocabulary {
    public static let all = Vocabulary(joining: [
        Worker.vocabulary, ReceivingRoom.vocabulary, InspectionRoom.vocabulary,
        FormsRoom.vocabulary,
        ExceptionRoom.vocabulary,
    ])
}
