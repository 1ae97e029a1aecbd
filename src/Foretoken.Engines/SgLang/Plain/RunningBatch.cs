namespace Foretoken.Engines.SgLang.Plain;

/// <summary>The decoding requests, in order.</summary>
internal sealed class RunningBatch
{
    /// <summary>Its requests. Under overlap some may have finished already; they are dropped at the next decode.</summary>
    public List<SgLangRequest> Requests { get; set; } = [];

    /// <summary>SGLang's <c>batch_is_full</c>: no admission is tried until something leaves.</summary>
    public bool IsFull { get; set; }

    /// <summary>Drops finished requests.</summary>
    public void DropFinished() => Requests.RemoveAll(request => request.Finished);
}
