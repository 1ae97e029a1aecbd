using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>
/// Context and generation in different places, context first (PyExecutor with a KV cache transceiver): a generation server takes
/// memory for the whole prompt, waits for its content, and knows the first token already.
/// </summary>
internal sealed partial class TrtLlmScheduler
{
    private int _awaiting;
    private int _awaitedBlocks;

    /// <summary>Requests that got memory for their KV in the last plan, in order.</summary>
    public List<TrtLlmRequest> Reserved { get; } = [];

    /// <summary>Requests whose first token, which came with the KV, was told with the last plan, in order.</summary>
    public List<TrtLlmRequest> FirstTokens { get; } = [];

    /// <summary>The KV of a request is here: the next plan may take it in.</summary>
    public static void NoteArrival(TrtLlmRequest request)
    {
        Invariant.That(request.AwaitsKv);
        request.AwaitsKv = false;
        request.BringsToken = true;
    }

    /// <summary>A finished context's KV was sent.</summary>
    public void FreeHeld(TrtLlmRequest request) => GiveBack(request);

    // _prepare_disagg_gen_init: whoever fits takes the whole prompt's blocks, and its transfer begins.
    private void TakeMemory()
    {
        Reserved.Clear();
        FirstTokens.Clear();
        for (var i = 0; i < _fitting.Count;)
        {
            var request = _fitting[i];
            if (!request.WantsRemoteKv)
            {
                i++;
                continue;
            }

            _fitting.RemoveAt(i);
            if (Memory.NeededBlocks(request, 0) > Memory.Free)
            {
                continue;
            }

            Memory.AddSequence(request);
            request.Position = request.Prompt;
            request.WantsRemoteKv = false;
            request.AwaitsKv = true;
            _awaiting++;
            Reserved.Add(request);
        }
    }

    // Told when its first step is planned (_handle_first_token_response). False: with that it has all its tokens.
    private bool TakeToken(TrtLlmRequest request)
    {
        request.BringsToken = false;
        request.Generated = 1;
        FirstTokens.Add(request);
        if (request.Answer > 1)
        {
            return true;
        }

        Leave(request);
        return false;
    }
}
