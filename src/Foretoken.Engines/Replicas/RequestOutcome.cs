namespace Foretoken.Engines.Replicas;

/// <summary>How a request ended. Every request of every run has exactly one.</summary>
public enum RequestOutcome : byte
{
    /// <summary>No outcome yet: the run still goes on. Never in a finished result.</summary>
    None = 0,

    /// <summary>All its tokens were generated.</summary>
    Completed,

    /// <summary>Generation stopped early at <c>max_model_len</c>.</summary>
    Truncated,

    /// <summary>Refused on arrival: the prompt is longer than the engine accepts.</summary>
    Rejected,

    /// <summary>Cancelled by the client.</summary>
    Aborted,

    /// <summary>The run was stopped (Ctrl-C, time limit) while the request was queued or running.</summary>
    Unfinished,

    /// <summary>Refused or given up by the router, which had no capacity for it (HTTP 429 or 503): no replica ever saw it.</summary>
    Shed,
}
