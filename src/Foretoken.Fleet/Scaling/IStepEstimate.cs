namespace Foretoken.Fleet.Scaling;

/// <summary>What profiling an engine before deployment tells: the time of a forward pass.</summary>
public interface IStepEstimate
{
    /// <summary>Milliseconds of a pass over <paramref name="prefillTokens"/> prompt tokens and <paramref name="decodeRequests"/> requests that hold <paramref name="decodeKvTokens"/> tokens together.</summary>
    double Milliseconds(double prefillTokens, double decodeRequests, double decodeKvTokens);
}
