(with-eval-after-load 'lsp-mode
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection '("s3ap-lint" "lsp"))
    :activation-fn (lsp-activate-on "yaml" "json" "python")
    :add-on? t
    :server-id 's3ap-lint)))
