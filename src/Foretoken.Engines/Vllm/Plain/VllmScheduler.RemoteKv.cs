using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>
/// KV that comes from elsewhere or goes there: what vLLM's scheduler does around an asynchronous KV connector
/// (WAITING_FOR_REMOTE_KVS, delayed frees).
/// </summary>
internal sealed partial class VllmScheduler
{
    /// <summary>The connector has received all that the request waits for (finished_recving): the next schedule takes it over.</summary>
    public static void NoteArrival(EngineRequest request)
    {
        Invariant.That(request.Status == RequestStatus.WaitingForRemoteKv);
        request.KvHasArrived = true;
    }

    /// <summary>The connector has sent a finished request's blocks (finished_sending): they become free.</summary>
    public void FreeHeld(EngineRequest request)
    {
        Invariant.That(request.Status == RequestStatus.Finished);
        _cache.Free(request);
    }

    // Blocks are there, their content is on its way. It counts as computed from now on, and is not looked at until it is there.
    private static void AwaitRemoteKv(EngineRequest request, int hit)
    {
        request.WantsRemoteKv = false;
        request.Status = RequestStatus.WaitingForRemoteKv;
        request.Computed = request.Tokens;
        request.FirstHit = hit;
    }

    // _update_waiting_for_remote_kv: the blocks can be hit from now on; the last token is computed again to sample from it.
    private void TakeOver(EngineRequest request)
    {
        _cache.Register(request, request.Computed);
        request.Computed = Math.Min(request.Computed, request.Tokens - 1);
        request.Status = RequestStatus.Waiting;
        request.KvHasArrived = false;
    }

    // Blocks that prompts under way will still take: an asynchronous load leaves them alone.
    private int ReservedBlocks()
    {
        var blocks = 0;
        foreach (var request in _running)
        {
            blocks += _cache.Missing(request);
        }

        // Those that have blocks already, and wait for the rest.
        foreach (var request in _offloader is null ? [] : Waiting.Concat(_aside))
        {
            blocks += request.Tables[0].Blocks.Count > 0 ? _cache.Missing(request) : 0;
        }

        return blocks;
    }
}
