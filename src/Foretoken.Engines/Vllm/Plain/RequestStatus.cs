namespace Foretoken.Engines.Vllm.Plain;

/// <summary>Where a request stands in the scheduler.</summary>
internal enum RequestStatus
{
    /// <summary>Never scheduled.</summary>
    Waiting,

    /// <summary>Has blocks for its prompt, and waits for their content from elsewhere.</summary>
    WaitingForRemoteKv,

    /// <summary>In the running list.</summary>
    Running,

    /// <summary>Lost its blocks and waits for a new start.</summary>
    Preempted,

    /// <summary>Ended by length or abort; its blocks are free.</summary>
    Finished,
}
