using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.HandOff;

/// <summary>What a replica that plays a part of a request is sent.</summary>
public static class RequestParts
{
    /// <summary>The request as the replica gets it: the prefill side is asked for a single token.</summary>
    public static RequestSpec Of(this RequestPart part, in RequestSpec request)
    {
        var sent = request;
        if (part == RequestPart.Prefill)
        {
            sent.OutputTokens = 1;
        }

        return sent;
    }
}
