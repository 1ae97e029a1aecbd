namespace Foretoken.Engines.Replicas;

/// <summary>A replica of which a second one can be made that goes on exactly as it would, on its own.</summary>
public interface ICopyableReplica
{
    /// <summary>
    /// A replica in the same state at the same time. From here on the two share nothing that changes: what the copy does it
    /// writes into <paramref name="recorder"/>, which should come from <see cref="ReplicaRecorder.Continue"/>.
    /// </summary>
    IReplica Copy(ReplicaRecorder recorder);

    /// <summary>
    /// Forgets how long the answers under way will really be: each is to have as many tokens as <paramref name="guess"/> says,
    /// at least two more than it has, cut where the engine would cut it.
    /// </summary>
    /// <param name="guess">From a request's number and the tokens it has to the tokens of its whole answer.</param>
    void GuessAnswers(Func<int, int, int> guess);
}
